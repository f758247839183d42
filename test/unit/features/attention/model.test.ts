import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ATTENTION } from '../../../../src/core/trust/report.ts';
import { STATUSES, type Status } from '../../../../src/core/trust/status.ts';
import {
  attentionGroups,
  MAX_LISTED,
  nextAttentionLine,
  REASONS,
} from '../../../../src/features/attention/model.ts';
import { assessment, review, upstream } from '../table/support.ts';

const datasets = fc
  .record({
    lines: fc.array(fc.constantFrom<Status | '-'>(...STATUSES, '-'), { maxLength: 30 }),
    flags: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }),
    own: fc.nat(6),
  })
  .map(({ lines, flags, own }) => {
    const there = flags.filter((line) => line <= lines.length);
    const flagged = there.slice(0, own).sort((a, b) => a - b);
    const tainted = there.slice(own).sort((a, b) => a - b);
    return {
      dataset: assessment(lines, {
        reviews: flagged.map((line) => review(line, 'flagged')),
        upstream: tainted.map((line) => upstream(line)),
      }),
      reasons: lines.map((status, i) => {
        if (flagged.includes(i + 1)) return 'flagged';
        if (tainted.includes(i + 1)) return 'upstream';
        return status !== '-' && ATTENTION.includes(status) ? status : undefined;
      }),
    };
  });

test('What needs attention is grouped by the worst reason, in order', () => {
  fc.assert(
    fc.property(datasets, ({ dataset, reasons }) => {
      const expected = REASONS.flatMap((reason) => {
        const lines = reasons.flatMap((other, i) => (other === reason ? [i + 1] : []));
        return lines.length > 0 ? [{ reason, count: lines.length, lines }] : [];
      });
      assert.deepEqual(attentionGroups(dataset), expected);
    }),
  );
});

test('A group lists its first lines, and counts all', () => {
  const [group] = attentionGroups(assessment(new Array<Status>(MAX_LISTED + 7).fill('modified')));
  assert.equal(group?.lines.length, MAX_LISTED);
  assert.equal(group.count, MAX_LISTED + 7);
});

test('The next line that needs attention is the nearest that is shown, round the end', () => {
  fc.assert(
    fc.property(
      datasets,
      fc.nat(29),
      fc.constantFrom(1 as const, -1 as const),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      ({ dataset, reasons }, start, direction, shown) => {
        const count = reasons.length;
        if (count === 0) return;
        const from = (start % count) + 1;
        let expected: number | undefined;
        for (let step = 1; step <= count && expected === undefined; step++) {
          const at = (from - 1 + direction * step + 2 * count) % count;
          if (reasons[at] !== undefined && shown[at]) expected = at + 1;
        }
        assert.equal(
          nextAttentionLine(dataset, from, direction, (line) => shown[line - 1]!),
          expected,
        );
      },
    ),
  );
});
