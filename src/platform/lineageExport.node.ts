import {
  partAround,
  type ExportedGraph,
  type ExportedStatement,
} from '../core/lineage/export/exportedGraph.ts';
import { toLineageJson } from '../core/lineage/export/lineageJson.ts';
import { toMermaid } from '../core/lineage/export/mermaid.ts';
import { toOpenLineage } from '../core/lineage/export/openLineage.ts';
import { toProvO } from '../core/lineage/export/provO.ts';
import { statedTime } from '../core/evidence/statedTime.ts';
import type { StatementInScope } from '../core/trust/scope.ts';
import type { LineageFormat, LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { wholeGraph } from './lineageGraph.node.ts';
import type { LineageContext } from './lineageSessions.node.ts';

/** How long an export waits for files that nobody has looked into yet, in milliseconds. */
const PATIENCE = 10_000;

export function lineageExportHandlers({
  lineage,
}: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'exportLineage'> {
  return {
    async exportLineage({ format, dataset, ...scope }, { signal }) {
      const { graph, statements } = await lineage.read(scope, { milliseconds: PATIENCE, signal });
      const whole = { ...wholeGraph(graph), statements: statements.map(exportedStatement) };
      return writeLineage(dataset === undefined ? whole : partAround(whole, dataset), format);
    },
  };
}

/** A graph in a format of others. */
export function writeLineage(graph: ExportedGraph, format: LineageFormat): string {
  switch (format) {
    case 'prov':
      return toProvO(graph);
    case 'openlineage':
      return toOpenLineage(graph, new Date().toISOString());
    case 'mermaid':
      return toMermaid(graph);
    case 'json':
      return toLineageJson(graph);
  }
}

function exportedStatement({
  envelopeDigest,
  standing,
  keyId,
  principal,
  statement,
}: StatementInScope): ExportedStatement {
  const time = statedTime(statement);
  return {
    envelopeDigest,
    standing,
    keyId,
    ...(principal !== undefined && { principal }),
    ...(time !== undefined && { time }),
  };
}
