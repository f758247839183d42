import type { Plugin } from 'esbuild';

/** Leaves out of a bundle what ssh2 has for connections. */
export declare const ssh2Keys: Plugin;
