/** For `npm run bench`: writes a JSONL file as Parquet with DuckDB. */
import { DuckDBInstance } from '@duckdb/node-api';

const [source, target, codec] = process.argv.slice(2);
const sql = await (await DuckDBInstance.create(':memory:')).connect();
await sql.run(
  `COPY (SELECT * FROM read_json('${source}', format = 'newline_delimited')) TO '${target}' (FORMAT parquet, COMPRESSION ${codec})`,
);
