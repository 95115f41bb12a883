// Asks a server by Kusto's own client: {url, database, questions: [{text, parameters, options}]} on standard input; on
// standard output what came of each, values as text where JSON has no form for them.
import { readFileSync } from "node:fs";
import { Client, ClientRequestProperties, KustoConnectionStringBuilder } from "azure-kusto-data";

const { url, database, questions } = JSON.parse(readFileSync(0, "utf-8"));
const client = new Client(KustoConnectionStringBuilder.withAccessToken(url, "anything"));
const told = (value) => (value instanceof Date ? { date: value.toISOString() } : value);

const answers = [];
for (const { text, parameters = {}, options = {} } of questions) {
    const properties = new ClientRequestProperties(options, parameters, "node;1");
    try {
        const answer = await client.execute(database, text, properties);
        answers.push(
            answer.primaryResults.map((table) => ({
                columns: table.columns.map((column) => [column.name, column.type]),
                rows: [...table.rows()].map((row) => table.columns.map((_, index) => told(row.getValueAt(index)))),
            })),
        );
    } catch (error) {
        answers.push({ error: error.response?.data?.error ?? String(error) });
    }
}
process.stdout.write(JSON.stringify(answers));
