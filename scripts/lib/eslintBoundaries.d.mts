/** Says what is wrong with an import, or nothing. */
export function objection(file: string, source: string, typesOnly?: boolean): string | undefined;
