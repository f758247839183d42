// The whole of ssh2, which is a client and a server as well, would more than double what is bundled and loaded.
declare module 'ssh2/lib/agent.js' {
  import type { OpenSSHAgent } from 'ssh2';
  const parts: { readonly OpenSSHAgent: typeof OpenSSHAgent };
  export default parts;
}

declare module 'ssh2/lib/protocol/keyParser.js' {
  import type { utils } from 'ssh2';
  const parts: { readonly parseKey: typeof utils.parseKey };
  export default parts;
}
