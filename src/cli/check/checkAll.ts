import type { PolicyVerdict } from '../../core/policy/verdict.ts';
import { nodeFileStore } from '../../platform/fileStore.node.ts';
import { LineageReader } from '../../platform/lineageReader.node.ts';
import { checkDatasets } from '../../platform/policyCheck.node.ts';
import type { ReadPolicy } from '../../platform/policyFile.node.ts';
import { nodeScopeLoader } from '../../platform/scopeLoader.node.ts';
import type { Judge } from '../judge.ts';
import { shownPath } from '../report.ts';
import { progressOf, type Io } from '../terminal.ts';

/**
 * Checks datasets together against a policy, with progress.
 * @param datasets absolute paths, with `/`
 * @throws ProvenanceError `cancelled`
 */
export async function checkAll(
  datasets: readonly string[],
  policy: ReadPolicy,
  judge: Judge,
  io: Io,
): Promise<PolicyVerdict> {
  const store = nodeFileStore();
  const loader = nodeScopeLoader(store, io.cache, io.env);
  const { entries, sigstore, witnesses } = judge.trust;
  let progress = progressOf(io, '');
  let shown = '';
  try {
    return await checkDatasets(
      {
        ...(await judge.lineageScope()),
        datasets,
        policy,
        trust: { signers: entries, sigstore, witnesses },
      },
      {
        loader,
        lineage: new LineageReader(store, loader, io.cache),
        pool: io.pool,
        cache: io.cache,
        signal: io.signal,
        onProgress: ({ dataset, nth, of, bytes, size }) => {
          if (dataset !== shown) {
            progress.done();
            progress = progressOf(
              io,
              of === 1 ? shownPath(dataset) : `${nth} of ${of}: ${shownPath(dataset)}`,
            );
            shown = dataset;
          }
          progress.onProgress(bytes, size);
        },
      },
    );
  } finally {
    progress.done();
  }
}
