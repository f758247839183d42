export interface ServerOptions {
  /** Where it keeps its data; a temporary folder, deleted at the end, if not given. */
  dataDir?: string;
  /** `8000`, `8000-8099`, or `0` for any free one. */
  port?: string;
  /** User settings, over the quiet defaults. */
  settings?: Record<string, unknown>;
  /** Leaves workspace trust on, so that folders open in restricted mode. */
  restricted?: boolean;
  /** Accepts `extensionTestsPath` and the like from the page's address. */
  testDriver?: boolean;
  /** The folder that the bare address opens. */
  folder?: string;
  /** Packaged extensions to install. */
  vsix?: string[];
  /** A folder with an extension in development, installed as a link. */
  linkedExtension?: string;
  env?: NodeJS.ProcessEnv;
}

export interface Server {
  readonly port: number;
  readonly dataDir: string;
  /** Resolves when the server has ended, by itself or not. */
  readonly exited: Promise<unknown>;
  /** The address of a window. */
  url(folder?: string, payload?: [string, string][]): string;
  /** The address of a file of this machine, as the payload wants it. */
  fileUri(path: string): string;
  stop(): Promise<void>;
}

/** Starts VS Code. Every server has data and extensions of its own. */
export function startServer(options?: ServerOptions): Promise<Server>;
