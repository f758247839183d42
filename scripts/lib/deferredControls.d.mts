import type { BuildOptions } from 'esbuild';

export function withDeferredControls<Options extends BuildOptions>(options: Options): Promise<Options>;
