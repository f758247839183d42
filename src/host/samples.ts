import type * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import { sampleName, type Subject } from '../core/evidence/statement.ts';
import type { Dataset } from './datasets.ts';
import { fileName } from '../language/explain.ts';
import type { Services } from './services.ts';
import { pathOf } from './workspaceEvidence.ts';

/** The dataset of a URI as it is now, judged. @throws ProvenanceError why it is not */
export async function judgedDataset(services: Services, uri: vscode.Uri): Promise<Dataset> {
  const known = services.datasets.get(uri);
  if (known?.assessment && !known.error) {
    // What is said of lines is said of those of the file as it is now.
    await services.datasets.refresh(uri);
    return known;
  }
  return services.datasets.verify(uri);
}

/**
 * Lines as the subjects of a statement.
 * @throws ProvenanceError `nothing-to-sign` where no line is a sample, `sample-not-found` where one has no digest
 */
export async function sampleSubjects(dataset: Dataset, lines: readonly number[]): Promise<Subject[]> {
  const name = fileName(pathOf(dataset.uri));
  const digests = await dataset.digests(lines);
  const subjects: Subject[] = [];
  lines.forEach((line, i) => {
    const digest = digests[i];
    if (digest !== undefined) subjects.push({ name: sampleName(name, line), sha256: digest });
    else if (dataset.status(line) === 'malformed') {
      throw new ProvenanceError(
        'sample-not-found',
        '{file}:{line} is malformed, so it has no digest and nothing can be said about it; correct it first.',
        { file: name, line },
      );
    }
  });
  if (subjects.length === 0) {
    throw new ProvenanceError(
      'nothing-to-sign',
      'There is no sample on these lines; put the cursor on a sample, or select some.',
    );
  }
  return subjects;
}
