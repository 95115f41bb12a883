/** What we use of Monaco, and no more: each line here is weight that the first keystroke waits for. */
import * as monaco from "monaco-editor/esm/vs/editor/editor.api";
import "monaco-editor/esm/vs/editor/browser/coreCommands";
import "monaco-editor/esm/vs/editor/browser/widget/codeEditorWidget";
import "monaco-editor/esm/vs/editor/contrib/bracketMatching/browser/bracketMatching";
import "monaco-editor/esm/vs/editor/contrib/caretOperations/browser/caretOperations";
import "monaco-editor/esm/vs/editor/contrib/clipboard/browser/clipboard";
import "monaco-editor/esm/vs/editor/contrib/comment/browser/comment";
import "monaco-editor/esm/vs/editor/contrib/contextmenu/browser/contextmenu";
import "monaco-editor/esm/vs/editor/contrib/cursorUndo/browser/cursorUndo";
import "monaco-editor/esm/vs/editor/contrib/dnd/browser/dnd";
import "monaco-editor/esm/vs/editor/contrib/find/browser/findController";
import "monaco-editor/esm/vs/editor/contrib/folding/browser/folding";
import "monaco-editor/esm/vs/editor/contrib/format/browser/formatActions";
import "monaco-editor/esm/vs/editor/contrib/hover/browser/hover";
import "monaco-editor/esm/vs/editor/contrib/lineSelection/browser/lineSelection";
import "monaco-editor/esm/vs/editor/contrib/linesOperations/browser/linesOperations";
import "monaco-editor/esm/vs/editor/contrib/multicursor/browser/multicursor";
import "monaco-editor/esm/vs/editor/contrib/rename/browser/rename";
import "monaco-editor/esm/vs/editor/contrib/snippet/browser/snippetController2";
import "monaco-editor/esm/vs/editor/contrib/suggest/browser/suggestController";
import "monaco-editor/esm/vs/editor/contrib/unicodeHighlighter/browser/unicodeHighlighter";
import "monaco-editor/esm/vs/editor/contrib/wordHighlighter/browser/wordHighlighter";
import "monaco-editor/esm/vs/editor/contrib/wordOperations/browser/wordOperations";
import "monaco-editor/esm/vs/base/browser/ui/codicons/codiconStyles";
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker?worker";
import KustoWorker from "@kusto/monaco-kusto/release/esm/kusto.worker?worker";
import { KustoLanguageDefinition } from "@kusto/monaco-kusto/release/esm/languageServiceManager/kustoMonarchLanguageDefinition";

export { monaco };
export const LANGUAGE = "kusto";

self.MonacoEnvironment = {
  getWorker: (_: string, label: string) => (label === LANGUAGE ? new KustoWorker() : new EditorWorker()),
};

const LIGHT: readonly (readonly [string, string])[] = [
  ["comment", "5d7a5d"],
  ["variable.predefined", "1b2230"],
  ["function", "1f5fbf"],
  ["operator.sql", "b0470c"],
  ["string", "a3222f"],
  ["operator.scss", "1f5fbf"],
  ["type", "1f5fbf"],
  ["keyword", "1f5fbf"],
  ["number", "7a3e9d"],
  ["annotation", "7a3e9d"],
];
const DARK: readonly (readonly [string, string])[] = [
  ["comment", "7f9f7f"],
  ["variable.predefined", "e4e8ef"],
  ["function", "dcdcaa"],
  ["operator.sql", "9cdcfe"],
  ["string", "e0a186"],
  ["operator.scss", "6fb0f0"],
  ["type", "6fb0f0"],
  ["keyword", "6fb0f0"],
  ["number", "d7ba7d"],
  ["annotation", "b5cea8"],
];

function rules(of: readonly (readonly [string, string])[]): monaco.editor.ITokenThemeRule[] {
  return of.map(([token, foreground]) => ({ token, foreground }));
}

monaco.languages.register({ id: LANGUAGE, extensions: [".kql", ".csl"] });
// Colours at once by this; by the language service, which knows tables from columns, as soon as it is there.
monaco.languages.setMonarchTokensProvider(LANGUAGE, KustoLanguageDefinition);
monaco.languages.setLanguageConfiguration(LANGUAGE, {
  comments: { lineComment: "//" },
  brackets: [
    ["{", "}"],
    ["[", "]"],
    ["(", ")"],
  ],
  autoClosingPairs: [
    { open: "{", close: "}" },
    { open: "[", close: "]" },
    { open: "(", close: ")" },
    { open: "'", close: "'", notIn: ["string", "comment"] },
    { open: '"', close: '"', notIn: ["string", "comment"] },
  ],
});
monaco.editor.defineTheme("bluetick-light", {
  base: "vs",
  inherit: true,
  rules: rules(LIGHT),
  colors: {
    "editor.background": "#ffffff",
    "editorLineNumber.foreground": "#9aa4b5",
    "editor.lineHighlightBackground": "#f3f6fb",
    "editor.lineHighlightBorder": "#00000000",
    "editorSuggestWidget.selectedBackground": "#2458c5",
    focusBorder: "#00000000",
  },
});
monaco.editor.defineTheme("bluetick-dark", {
  base: "vs-dark",
  inherit: true,
  rules: rules(DARK),
  colors: {
    "editor.background": "#181d26",
    "editorWidget.background": "#202734",
    "editorLineNumber.foreground": "#5b677c",
    "editor.lineHighlightBackground": "#1e2530",
    "editor.lineHighlightBorder": "#00000000",
    "editorSuggestWidget.selectedBackground": "#2f4f8f",
    focusBorder: "#00000000",
  },
});
