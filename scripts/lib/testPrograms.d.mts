export declare function buildTestPrograms(folder: string): Promise<void>;
