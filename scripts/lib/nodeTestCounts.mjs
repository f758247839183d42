/**
 * A reporter for node:test that writes nothing but the counts, as JSON, for scripts/test.mjs.
 * Suites are not tests, unless a hook of theirs fails; nor are files, which Node 20 reports as tests when they hold none.
 */
export default async function* counts(events) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const isSuite = data.details?.type === 'suite';
    const isFile = data.nesting === 0 && data.name === data.file;
    if (data.skip !== undefined || data.todo !== undefined) count.skipped++;
    else if (type === 'test:fail')
      count.failed += data.details?.error?.failureType === 'subtestsFailed' ? 0 : 1;
    else if (!isSuite && !isFile) count.passed++;
  }
  yield JSON.stringify(count);
}
