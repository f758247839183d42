import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOf } from '../../../../src/core/trust/origin.ts';
import { STATUSES } from '../../../../src/core/trust/status.ts';

test('a statement says where a sample came from only if it covers it', () => {
  const statement = { origin: { source: 'https://forum.example/', title: 'The forum' } };
  const record = { source: 'mirror' };
  const told = STATUSES.filter((status) => originOf({}, status, statement).source !== undefined);
  assert.deepEqual(told, ['verified', 'untrusted', 'revoked']);
  assert.deepEqual(originOf(record, 'modified', statement), record);
});

test('what the record says goes first', () => {
  const statement = { origin: { source: 'https://forum.example/', title: 'The forum' } };
  assert.deepEqual(originOf({ source: 'mirror' }, 'verified', statement), {
    source: 'mirror',
    title: 'The forum',
  });
  assert.deepEqual(originOf({ source: 'mirror' }, 'verified', undefined), { source: 'mirror' });
});
