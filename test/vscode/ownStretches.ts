import { Session, type Profiler } from 'node:inspector/promises';

/** What a stretch of time without a break went into. */
export interface Stretch {
  readonly milliseconds: number;
  /** The outermost function of ours in it. */
  readonly where: string;
}

/**
 * Profiles this thread, and finds the longest stretch in which the product's own code ran without a break: VS Code's own
 * work on a large document, and that of its other extensions, is not ours to shorten.
 */
export class OwnStretches {
  private readonly session = new Session();

  static async start(): Promise<OwnStretches> {
    const own = new OwnStretches();
    own.session.connect();
    await own.session.post('Profiler.enable');
    await own.session.post('Profiler.setSamplingInterval', { interval: 500 });
    await own.session.post('Profiler.start');
    return own;
  }

  /** @param script the end of the path of the product's bundle */
  async stop(script: string): Promise<Stretch> {
    const { profile } = await this.session.post('Profiler.stop');
    this.session.disconnect();
    return longest(profile, script);
  }
}

function longest(profile: Profiler.Profile, script: string): Stretch {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  /** The outermost own function of a sample's stack, if it has one. */
  const owner = (id: number): string | undefined => {
    let found: string | undefined;
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = nodes.get(at)?.callFrame;
      if (frame?.url.endsWith(script))
        found = `${frame.functionName || 'anonymous'}:${String(frame.lineNumber + 1)}`;
    }
    return found;
  };
  let best: Stretch = { milliseconds: 0, where: '' };
  let current = 0;
  let where: string | undefined;
  (profile.samples ?? []).forEach((id, i) => {
    const own = owner(id);
    const isGarbage = nodes.get(id)?.callFrame.functionName === '(garbage collector)';
    if (own === undefined && !isGarbage) {
      current = 0;
      where = undefined;
      return;
    }
    where ??= own;
    current += (profile.timeDeltas?.[i] ?? 0) / 1000;
    if (where !== undefined && current > best.milliseconds) best = { milliseconds: current, where };
  });
  return best;
}
