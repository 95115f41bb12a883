/** The editor itself, apart from the page around it: this is what loads late. */
import { effect } from "@preact/signals";
import { theme } from "../shell/theme";
import { registerLanguage, startLanguage } from "./language";
import { LANGUAGE, monaco } from "./monaco";
import { watchProblems } from "./problems";
import { queries, queryAt, type Piece } from "./statements";

export { startLanguage };

registerLanguage();

export interface EditorHandle {
  /** Shows the text of a tab; each tab keeps its own undo, place and folds. */
  show: (tab: string, text: string) => void;
  forget: (tab: string) => void;
  text: () => string;
  /** All queries of the text. */
  all: () => Piece[];
  /** The selection, else the query under the cursor. */
  current: () => Piece[];
  /** Puts text at the cursor. */
  insert: (text: string) => void;
  /** Puts text in the place of a piece that ran, and gives the new piece; null where it stands nowhere any more. */
  replace: (piece: Piece, text: string) => Piece | null;
  jump: (offset: number) => void;
  select: (range: monaco.IRange) => void;
  format: () => void;
  focus: () => void;
  dispose: () => void;
}

export interface EditorEvents {
  onEdit: (tab: string, text: string) => void;
  onRunAll: () => void;
  onRunCurrent: () => void;
}

/** Where a piece stands now, or -1. */
function placeOf(piece: Piece, whole: string): number {
  return whole.startsWith(piece.text, piece.start) ? piece.start : whole.indexOf(piece.text);
}

export function createEditor(element: HTMLElement, events: EditorEvents): EditorHandle {
  const editor = monaco.editor.create(element, {
    model: null,
    theme: theme.value === "dark" ? "bluetick-dark" : "bluetick-light",
    automaticLayout: true,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    fontSize: 13,
    lineHeight: 20,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    lineNumbersMinChars: 3,
    padding: { top: 8, bottom: 8 },
    overviewRulerLanes: 2,
    renderLineHighlight: "line",
    ariaLabel: "Query",
    fixedOverflowWidgets: true,
    wordBasedSuggestions: "off",
    suggest: { showStatusBar: false, preview: false, showWords: false },
    occurrencesHighlight: "off",
    quickSuggestions: { other: true, comments: false, strings: false },
    unicodeHighlight: { nonBasicASCII: false, ambiguousCharacters: true, invisibleCharacters: true },
    contextmenu: true,
    links: false,
    tabSize: 4,
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
  });
  const models = new Map<string, monaco.editor.ITextModel>();
  const views = new Map<string, monaco.editor.ICodeEditorViewState | null>();
  let shown = "";

  const text = (): string => editor.getModel()?.getValue() ?? "";
  const current = (): Piece[] => {
    const model = editor.getModel();
    const selection = editor.getSelection();
    if (model === null || selection === null) return [];
    if (!selection.isEmpty()) {
      const start = model.getOffsetAt(selection.getStartPosition());
      const selected = model.getValueInRange(selection);
      return queries(selected).map((one) => ({ ...one, start: one.start + start, end: one.end + start }));
    }
    const found = queryAt(model.getValue(), model.getOffsetAt(selection.getPosition()));
    return found === undefined ? [] : [found];
  };

  editor.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, events.onRunAll);
  editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, events.onRunCurrent);
  const watch = watchProblems(editor);
  const follow = effect(() => monaco.editor.setTheme(theme.value === "dark" ? "bluetick-dark" : "bluetick-light"));

  const show = (tab: string, given: string): void => {
    if (shown !== "") views.set(shown, editor.saveViewState());
    let model = models.get(tab);
    if (model === undefined) {
      model = monaco.editor.createModel(given, LANGUAGE, monaco.Uri.parse(`bluetick://query/${tab}`));
      model.setEOL(monaco.editor.EndOfLineSequence.LF);
      models.set(tab, model);
      const own = model;
      model.onDidChangeContent(() => events.onEdit(tab, own.getValue()));
    }
    shown = tab;
    if (editor.getModel() !== model) editor.setModel(model);
    if (model.getValue() !== given) replaceAll(model, given);
    const view = views.get(tab);
    if (view) editor.restoreViewState(view);
  };

  const replaceAll = (model: monaco.editor.ITextModel, given: string): void => {
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: given }], () => null);
  };

  return {
    show,
    forget: (tab) => {
      models.get(tab)?.dispose();
      models.delete(tab);
      views.delete(tab);
      if (shown === tab) shown = "";
    },
    text,
    all: () => queries(text()),
    current,
    insert: (given) => {
      const selection = editor.getSelection();
      if (selection === null) return;
      editor.executeEdits("insert", [{ range: selection, text: given, forceMoveMarkers: true }]);
      editor.focus();
    },
    replace: (piece, given) => {
      const model = editor.getModel();
      const start = placeOf(piece, text());
      if (model === null || start < 0) return null;
      const range = monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(start + piece.text.length));
      editor.pushUndoStop();
      editor.executeEdits("replace", [{ range, text: given }]);
      editor.pushUndoStop();
      return { start, end: start + given.length, text: given };
    },
    jump: (offset) => {
      const model = editor.getModel();
      if (model === null) return;
      const position = model.getPositionAt(offset);
      editor.setPosition(position);
      editor.revealPositionInCenterIfOutsideViewport(position);
      editor.focus();
    },
    select: (range) => {
      editor.setSelection(range);
      editor.revealRangeInCenterIfOutsideViewport(range);
      editor.focus();
    },
    format: () => void editor.getAction("editor.action.formatDocument")?.run(),
    focus: () => editor.focus(),
    dispose: () => {
      follow();
      watch.dispose();
      models.forEach((model) => model.dispose());
      editor.dispose();
    },
  };
}
