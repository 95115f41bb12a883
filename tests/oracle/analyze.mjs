// Reads a JSON array of KQL texts from standard input and writes, for each, the result columns that Microsoft's
// analyzer gives it ([[name, type], ...], or null without a tabular result) and the analyzer's errors.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const library = "@kusto/language-service-next/";
// Both files work by side effect: they define the globals Bridge and Kusto.
require(library + "bridge.min.js");
require(library + "Kusto.Language.Bridge.min.js");

const { KustoCode, GlobalState } = globalThis.Kusto.Language;

function items(list) {
  return list ? globalThis.Bridge.toArray(list) : [];
}

function analyze(text) {
  const code = KustoCode.ParseAndAnalyze(text, GlobalState.Default);
  const columns = code.ResultType && code.ResultType.Columns;
  return {
    columns: columns ? items(columns).map((column) => [column.Name, column.Type.Name]) : null,
    errors: items(code.GetDiagnostics())
      .filter((diagnostic) => diagnostic.Severity === "Error")
      .map((diagnostic) => `${diagnostic.Code}: ${diagnostic.Message}`),
  };
}

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map(analyze)));
