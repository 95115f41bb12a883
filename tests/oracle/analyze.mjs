// Reads {worlds, questions} from standard input. A world is what a query may name: {tables: [[name, schema], ...],
// functions: [[name, parameters, body], ...]}; a question is {text, world}. Writes, for each question, the result columns
// that Microsoft's analyzer gives it ([[name, type], ...], or null without a tabular result), whether there may be more
// columns than it can know, and its errors.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const library = "@kusto/language-service-next/";
// Both files work by side effect: they define the globals Bridge and Kusto.
require(library + "bridge.min.js");
require(library + "Kusto.Language.Bridge.min.js");

const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;

function items(list) {
  return list ? globalThis.Bridge.toArray(list) : [];
}

// Overloaded constructors are numbered in the compiled library.
function globals({ tables, functions }) {
  const symbols = [
    ...tables.map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, "")),
    ...functions.map(([name, parameters, body]) => new Symbols.FunctionSymbol.$ctor16(name, parameters, body, "")),
  ];
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor3("oracle", "", symbols, false));
}

function analyze(text, known) {
  const code = KustoCode.ParseAndAnalyze(text, known);
  const result = code.ResultType;
  return {
    columns: result && result.Columns ? items(result.Columns).map((column) => [column.Name, column.Type.Name]) : null,
    isOpen: Boolean(result && result.IsOpen),
    errors: items(code.GetDiagnostics())
      .filter((diagnostic) => diagnostic.Severity === "Error")
      .map((diagnostic) => `${diagnostic.Code}: ${diagnostic.Message}`),
  };
}

// On some texts the analyzer itself fails: that is an answer too, and the others must not be lost by it.
function answer(text, known) {
  try {
    return analyze(text, known);
  } catch (error) {
    return { columns: null, isOpen: true, errors: [`FAILS: ${String(error.message).slice(0, 200)}`] };
  }
}

const { worlds, questions } = JSON.parse(readFileSync(0, "utf8"));
const known = Object.fromEntries(Object.entries(worlds).map(([name, world]) => [name, globals(world)]));
process.stdout.write(JSON.stringify(questions.map(({ text, world }) => answer(text, known[world]))));
