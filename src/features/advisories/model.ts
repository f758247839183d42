import * as l10n from '@vscode/l10n';
import type { AdvisoryCheckData, ImportedAdvisories } from '../../protocol/lineageWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';

/** What was imported, in a sentence. */
export function importSentence({ advisories, problems }: ImportedAdvisories): string {
  const added = advisories.filter((advisory) => advisory.added);
  const [first] = added;
  const sentences: string[] = [];
  if (!first) sentences.push(l10n.t('These advisories are here already.'));
  else if (added.length > 1) sentences.push(l10n.t('Imported {0} advisories.', added.length));
  else {
    const id = untrustedText(first.id, 80);
    const title = untrustedText(first.title, 120);
    sentences.push(
      first.withdrawn === undefined
        ? l10n.t('Imported the advisory {0} ({1}), which names {2} samples.', id, title, first.samples)
        : l10n.t('Imported the withdrawal of the advisory {0} ({1}).', id, title),
    );
  }
  if (problems.length === 1) sentences.push(l10n.t('One line was left out; see the log.'));
  else if (problems.length > 1)
    sentences.push(l10n.t('{0} lines were left out; see the log.', problems.length));
  return sentences.join(' ');
}

/** What a check against all advisories found, in a sentence. Similar is never called the same. */
export function checkSentence(name: string, { advisories, samples }: AdvisoryCheckData): string {
  if (advisories === 0) {
    return l10n.t('There are no advisories here: import some with “Import Advisory…”.');
  }
  const equal = samples.filter(({ match }) => match === 'equal').length;
  const similar = samples.length - equal;
  const checked =
    advisories === 1
      ? l10n.t('{0} was checked against one advisory.', name)
      : l10n.t('{0} was checked against {1} advisories.', name, advisories);
  const found =
    samples.length === 0
      ? l10n.t('None of its samples is named, and none is similar to one that is.')
      : l10n.t(
          '{0} of its samples are named; {1} are similar to one that is, but not equal: look at them yourself.',
          equal,
          similar,
        );
  return `${checked} ${found}`;
}
