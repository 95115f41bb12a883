/** Microsoft's KQL editor: completion by its language service, problems by our binder. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import * as monaco from "monaco-editor/esm/vs/editor/editor.api";
import "monaco-editor/esm/vs/editor/editor.all";
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker?worker";
import KustoWorker from "@kusto/monaco-kusto/release/esm/kusto.worker?worker";
import "@kusto/monaco-kusto";
import { theme } from "../shell/theme";

self.MonacoEnvironment = {
  getWorker: (_: string, label: string) => (label === "kusto" ? new KustoWorker() : new EditorWorker()),
};

interface Props {
  text: string;
  onChange: (text: string) => void;
  onRun: (text: string) => void;
}

export function Editor({ text, onChange, onRun }: Props): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current === null) return undefined;
    const editor = monaco.editor.create(element.current, {
      value: text,
      language: "kusto",
      theme: theme.value === "dark" ? "kusto-dark" : "kusto-light",
      automaticLayout: true,
      minimap: { enabled: false },
    });
    editor.onDidChangeModelContent(() => onChange(editor.getValue()));
    editor.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, () => onRun(editor.getValue()));
    return () => editor.dispose();
  }, []);
  return <div ref={element} class="editor" />;
}
