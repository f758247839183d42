/** Style sheets are imported for esbuild, which gathers them into one file beside the script. */
declare module '*.css';
