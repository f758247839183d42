import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ProvenanceError } from '../../../src/core/errors.ts';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import {
  formatSshPublicKey,
  parseSshPublicKey,
  verifySignature,
  type SshPublicKey,
} from '../../../src/core/evidence/sshKey.ts';
import { wireString } from '../../../src/core/evidence/sshWire.ts';
import { agentKeys, agentPath, agentSign } from '../../../src/platform/sshAgent.node.ts';
import { bytesOf, failure, missing } from '../../unit/core/evidence/support.ts';
import {
  agentMessage,
  fakeAgent,
  fidoBlob,
  identities,
  makeSshKey,
  noOpenSsh,
  RealAgent,
} from '../../support/openSsh.ts';
import { temporaryFolder } from '../../support/processes.ts';

const root = temporaryFolder('agent-keys');
const message = bytesOf('DSSEv1 …');
const FAILURE = agentMessage(5);

describe('a real ssh-agent', { skip: noOpenSsh }, () => {
  let agent: RealAgent;
  let key: SshPublicKey;
  const path = join(root, 'id_ed25519');
  before(async () => {
    agent = await RealAgent.start();
    makeSshKey(path, 'geheim');
    key = parseSshPublicKey(readFileSync(`${path}.pub`, 'utf8'));
    agent.add([path], 'geheim');
  });
  after(() => agent.kill());

  test('lists its keys, and signs: our verifier and openssl accept the signature', async () => {
    makeSshKey(join(root, 'id_rsa'), '', '-t', 'rsa', '-b', '2048');
    agent.add([join(root, 'id_rsa')]);
    const keys = await agentKeys({ env: agent.env });
    assert.deepEqual(
      keys.map(({ publicKey, comment }) => [publicKey.type, comment]),
      [
        ['ssh-ed25519', 'anna@example.org'],
        ['ssh-rsa', 'anna@example.org'],
      ],
    );
    const signature = await agentSign(key, message, { env: agent.env });
    assert.equal(signature.length, 64);
    assert.equal(verifySignature(key, signature, message), 'valid');
    assert.equal(verifySignature(key, signature, bytesOf('other')), 'invalid');
    if (!missing('openssl')) opensslAccepts(key, signature, message);
  });

  test('signs a message as long as it takes, and refuses a longer one before it is sent', async () => {
    const longest = new Uint8Array(255 * 1024);
    const signature = await agentSign(key, longest, { env: agent.env });
    assert.equal(verifySignature(key, signature, longest), 'valid');
    await assert.rejects(
      agentSign(key, new Uint8Array(256 * 1024), { env: agent.env }),
      failure('too-large', /262144 bytes, and ssh-agent signs at most 261120/),
    );
  });

  test('that is locked shows nothing and refuses; unlocked, it signs again', async () => {
    agent.add(['-x'], 'lock');
    assert.deepEqual(await agentKeys({ env: agent.env }), []);
    await assert.rejects(
      agentSign(key, message, { env: agent.env }),
      failure('agent-refused', /locked.*ssh-add -X/),
    );
    agent.add(['-X'], 'lock');
    assert.equal((await agentSign(key, message, { env: agent.env })).length, 64);
  });

  test('refuses a key that must be confirmed when nobody confirms', async () => {
    const confirmed = join(root, 'confirmed');
    makeSshKey(confirmed);
    // The agent has no program to ask with, which counts as no.
    agent.add(['-c', confirmed]);
    await assert.rejects(
      agentSign(parseSshPublicKey(readFileSync(`${confirmed}.pub`, 'utf8')), message, { env: agent.env }),
      failure('agent-refused', /someone declined/),
    );
  });

  test('that was killed is not there', async () => {
    const mortal = await RealAgent.start();
    mortal.add([path], 'geheim');
    await mortal.kill();
    const { env } = mortal;
    await assert.rejects(agentKeys({ env }), failure('agent-unavailable', /ENOENT|ECONNREFUSED.*ssh-agent/));
    await assert.rejects(agentSign(key, message, { env }), failure('agent-unavailable'));
  });
});

function opensslAccepts(key: SshPublicKey, signature: Uint8Array, signed: Uint8Array): void {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.ed25519!).toString('base64url') };
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(root, name), content);
    return join(root, name);
  };
  const pem = crypto.createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
  const inputs = ['-inkey', file('pub.pem', pem), '-in', file('message', signed)];
  execFileSync('openssl', [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-rawin',
    ...inputs,
    '-sigfile',
    file('signature', signature),
  ]);
}

describe('other agents', { skip: process.platform === 'win32' && 'they need a socket in a folder' }, () => {
  const signer = ed25519Signer(new Uint8Array(32).fill(7));
  const signResponse = (signature: Uint8Array) =>
    agentMessage(14, wireString(joined(wireString('ssh-ed25519'), wireString(signature))));
  const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

  async function asking<T>(
    answer: Parameters<typeof fakeAgent>[0],
    ask: (env: NodeJS.ProcessEnv) => Promise<T>,
  ): Promise<T> {
    const { path, close } = await fakeAgent(answer);
    try {
      return await ask({ SSH_AUTH_SOCK: path });
    } finally {
      close();
    }
  }

  test('keys of a FIDO device, and of types nobody knows, are listed', async () => {
    const unknown = joined(wireString('new-type@example.org'), wireString('x'));
    const keys = await asking(
      () => identities([fidoBlob(), 'token'], [unknown, 'new'], [signer.publicKey.blob, 'anna\u{1F511}']),
      (env) => agentKeys({ env }),
    );
    assert.deepEqual(
      keys.map(({ publicKey: { type }, comment }) => `${type} ${comment}`),
      ['sk-ssh-ed25519@openssh.com token', 'new-type@example.org new', 'ssh-ed25519 anna\u{1F511}'],
    );
    assert.equal(formatSshPublicKey(keys[2]!.publicKey), formatSshPublicKey(signer.publicKey));
  });

  test('a signature is used only if it is one of the key', async () => {
    const right = await signer.sign(message);
    const sign = (signature: Uint8Array) =>
      asking(
        () => signResponse(signature),
        (env) => agentSign(signer.publicKey, message, { env }),
      );
    assert.deepEqual(await sign(right), right);
    for (const wrong of [await signer.sign(bytesOf('other')), right.subarray(1), joined(right, right)]) {
      await assert.rejects(sign(wrong), failure('invalid-signature', /not one of SHA256:/));
    }
  });

  test('one that says no', async () => {
    await asking(
      () => FAILURE,
      async (env) => {
        await assert.rejects(agentSign(signer.publicKey, message, { env }), failure('agent-refused'));
        await assert.rejects(agentKeys({ env }), failure('agent-unavailable'));
      },
    );
  });

  test('one that hangs is given up, sooner when the user gives up', async () => {
    await asking(
      () => undefined,
      async (env) => {
        await assert.rejects(
          agentKeys({ env, timeout: 50 }),
          failure('agent-unavailable', /no answer in 0.05 s/),
        );
        const controller = new AbortController();
        const signing = agentSign(signer.publicKey, message, { env, signal: controller.signal });
        setTimeout(() => controller.abort(), 20);
        await assert.rejects(signing, failure('cancelled'));
        await assert.rejects(agentKeys({ env, signal: controller.signal }), failure('cancelled'));
      },
    );
  });

  test('one that sends without end is given up', async () => {
    await asking(
      () => joined(Buffer.from([0x7f, 0xff, 0xff, 0xff, 12]), new Uint8Array(1024 * 1024)),
      async (env) => {
        await assert.rejects(agentKeys({ env }), failure('agent-unavailable', /more than 262144 bytes/));
      },
    );
  });

  test('whatever an agent answers, it is understood or refused', async () => {
    const valid = identities([signer.publicKey.blob, 'anna'], [fidoBlob(), 'token']);
    const mutated = fc
      .tuple(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 3 }),
        fc.nat(valid.length),
      )
      .map(([changes, length]) => {
        const bytes = valid.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes.slice(0, length === 0 ? undefined : length);
      });
    let reply = valid;
    await asking(
      () => reply,
      (env) =>
        fc.assert(
          fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), async (bytes) => {
            reply = bytes;
            for (const ask of [
              () => agentKeys({ env, timeout: 30 }),
              () => agentSign(signer.publicKey, message, { env, timeout: 30 }),
            ]) {
              await ask().catch((error: unknown) => {
                assert.ok(error instanceof ProvenanceError, String(error));
                assert.match(error.code, /^(agent-unavailable|agent-refused|invalid-signature)$/);
              });
            }
          }),
          { numRuns: 100 },
        ),
    );
  });

  test('no agent, and a file that is none', async () => {
    await assert.rejects(
      agentKeys({ env: {}, platform: 'linux' }),
      failure('agent-unavailable', /SSH_AUTH_SOCK is not set/),
    );
    const file = join(root, 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    await assert.rejects(
      agentKeys({ env: { SSH_AUTH_SOCK: file } }),
      failure('agent-unavailable', /\(E\w+\)/),
    );
    assert.equal(agentPath({ env: {}, platform: 'win32' }), '\\\\.\\pipe\\openssh-ssh-agent');
    assert.equal(agentPath({ env: { SSH_AUTH_SOCK: '/a' }, platform: 'win32' }), '/a');
  });
});
