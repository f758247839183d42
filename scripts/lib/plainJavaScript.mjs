/** What `npm run bench` compares with: digests each line of a file with JSON.parse, a JCS library and node:crypto. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import canonicalize from 'canonicalize';

const digests = [];
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  if (line.trim() !== '')
    digests.push(
      createHash('sha256')
        .update(canonicalize(JSON.parse(line)))
        .digest(),
    );
}
console.log(digests.length);
