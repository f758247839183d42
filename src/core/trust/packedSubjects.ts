import { fromHexInto } from '../bytes/hex.ts';
import { DIGEST_LENGTH } from '../sample/digest.ts';
import { subjectsOf, type StatementInScope } from './scope.ts';

/** The subjects of statements, one after the other. */
export interface PackedSubjects {
  /** 32 bytes a subject. */
  readonly digests: Uint8Array;
  /** By subject: index of its statement in the scope. */
  readonly owners: Uint32Array;
  /** By subject: its place in that statement, from 0. */
  readonly places: Uint32Array;
}

/** @param statements of which each subject is named by a SHA-256, as validated statements are */
export function packSubjects(statements: readonly StatementInScope[]): PackedSubjects {
  const count = statements.reduce((sum, { statement }) => sum + subjectsOf(statement).length, 0);
  const digests = new Uint8Array(count * DIGEST_LENGTH);
  const owners = new Uint32Array(count);
  const places = new Uint32Array(count);
  let next = 0;
  for (const { index, statement } of statements) {
    if (statement.kind !== 'other' && statement.digests) {
      digests.set(statement.digests, next * DIGEST_LENGTH);
      for (let place = 0; place < statement.subjects.length; place++) {
        owners[next] = index;
        places[next++] = place;
      }
      continue;
    }
    subjectsOf(statement).forEach(({ sha256 }, place) => {
      fromHexInto(sha256, digests, next * DIGEST_LENGTH);
      owners[next] = index;
      places[next++] = place;
    });
  }
  return { digests, owners, places };
}
