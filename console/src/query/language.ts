/** Microsoft's language service, in a worker of its own: completion, hovers, colours, folding, format. Its problems are not asked for: ours are shown. */
import {
  ColorizationAdapter,
  CompletionAdapter,
  DocumentFormatAdapter,
  FoldingAdapter,
  FormatAdapter,
  HoverAdapter,
  RenameAdapter,
} from "@kusto/monaco-kusto/release/esm/languageFeatures";
import type { LanguageServiceDefaults, LanguageSettings } from "@kusto/monaco-kusto";
import { WorkerManager } from "@kusto/monaco-kusto/release/esm/workerManager";
import { LANGUAGE, monaco } from "./monaco";
import type { ShownSchema } from "../schema/tables";

const SETTINGS: LanguageSettings = {
  includeControlCommands: true,
  newlineAfterPipe: true,
  openSuggestionDialogAfterPreviousSuggestionAccepted: true,
  useIntellisenseV2: true,
  useSemanticColorization: true,
  useTokenColorization: true,
  enableHover: true,
  formatter: { indentationSize: 4, pipeOperatorStyle: "Smart" },
  completionOptions: { includeExtendedSyntax: false },
};

const changed = new monaco.Emitter<never>();

const DEFAULTS: LanguageServiceDefaults = {
  onDidChange: changed.event,
  languageSettings: SETTINGS,
  setLanguageSettings: () => undefined,
  setMaximumWorkerIdleTime: () => undefined,
  getWorkerMaxIdleTime: () => 0,
};

let manager: WorkerManager | null = null;
const schemaChanged = new monaco.Emitter<never>();
let tellReady: () => void;
/** Whoever types before the service is there waits for it, and for the tables; no question is lost. */
const ready = new Promise<void>((resolve) => (tellReady = resolve));

type Accessor = ConstructorParameters<typeof HoverAdapter>[0];

/** Words of its manual lead to sites of others: they are shown as words. */
class Completion extends CompletionAdapter {
  override async provideCompletionItems(
    ...given: Parameters<CompletionAdapter["provideCompletionItems"]>
  ): Promise<monaco.languages.CompletionList> {
    const list = (await super.provideCompletionItems(...given)) ?? { suggestions: [] };
    for (const item of list.suggestions) {
      const words = item.documentation;
      if (words === undefined) continue;
      const value = typeof words === "string" ? words : words.value;
      item.documentation = { value: value.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1") };
    }
    return list;
  }
}

function service(): WorkerManager {
  manager ??= new WorkerManager(monaco, DEFAULTS);
  return manager;
}

/** Tells the editor what the service answers; the service itself starts with the schema. */
export function registerLanguage(): void {
  const worker = (async (...uris: monaco.Uri[]) => {
    await ready;
    return service().getLanguageServiceWorker(...uris);
  }) as unknown as Accessor;
  const { languages } = monaco;
  languages.registerCompletionItemProvider(LANGUAGE, new Completion(worker, SETTINGS));
  languages.registerHoverProvider(LANGUAGE, new HoverAdapter(worker));
  languages.registerFoldingRangeProvider(LANGUAGE, new FoldingAdapter(worker));
  languages.registerRenameProvider(LANGUAGE, new RenameAdapter(worker));
  languages.registerDocumentFormattingEditProvider(LANGUAGE, new DocumentFormatAdapter(worker));
  languages.registerDocumentRangeFormattingEditProvider(LANGUAGE, new FormatAdapter(worker));
  new ColorizationAdapter(monaco as never, LANGUAGE, worker, DEFAULTS, schemaChanged.event);
}

/** Starts the service, where it does not run, and tells it what tables there are. */
export async function startLanguage(schema: ShownSchema, database: string): Promise<void> {
  try {
    const worker = await service().getLanguageServiceWorker();
    await worker.setSchemaFromShowSchema(schema, "https://bluetick.localhost", database);
  } finally {
    tellReady();
  }
  schemaChanged.fire(undefined as never);
}
