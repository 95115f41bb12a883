/** One cell, or all cells of its row: the whole text, and what it may mean. */
import type { JSX } from "preact";
import type { Cell, Column, ResultTable } from "../api/query";
import { Copy } from "../parts/copy";
import { Inert } from "../text/inert";
import { decodings, jsonOf, kindOf, type Decoding } from "./decodings";
import { rowJson } from "./copying";
import type { CellPlace } from "./grid_input";
import { JsonTree } from "./json_tree";
import { cellText, isNothing, jsonText, shownText } from "./values";

const MOST_SHOWN = 100_000;

function Block({ name, text }: { name: string; text: string }): JSX.Element {
  return (
    <section class="block">
      <header>
        <h3>{name}</h3>
        <Copy text={text} what={name} />
      </header>
      <div class="mono text">
        <Inert text={text.slice(0, MOST_SHOWN)} lines />
        {text.length > MOST_SHOWN && <p class="quiet">… {text.length - MOST_SHOWN} more characters: copy them.</p>}
      </div>
    </section>
  );
}

interface CellProps {
  readonly column: Column;
  readonly cell: Cell;
  readonly onLeaf: (path: readonly (string | number)[], value: unknown) => void;
}

export function CellInspector({ column, cell, onLeaf }: CellProps): JSX.Element {
  const text = cellText(cell);
  const json = jsonOf(cell, column.type);
  const kind = kindOf(text);
  const found: Decoding[] = json === undefined ? decodings(text) : [];
  const isWritten = column.type === "datetime" || column.type === "timespan";
  return (
    <>
      <p class="what">
        <span class="type">{column.type}</span>
        {!isNothing(cell) && column.type === "string" && <span class="quiet">{text.length} characters</span>}
        {kind && <span class="chip">{kind}</span>}
      </p>
      {isNothing(cell) && <p class="quiet">{cell === "" ? "An empty text." : "Null: there is no value."}</p>}
      {json !== undefined && (
        <section class="block">
          <header>
            <h3>JSON</h3>
            <Copy text={jsonText(json, 2)} what="JSON" />
          </header>
          <JsonTree value={json} onLeaf={column.type === "dynamic" ? onLeaf : undefined} />
        </section>
      )}
      {found.map((one, index) => (
        <Block key={index} name={one.name} text={one.text} />
      ))}
      {!isNothing(cell) && <Block name={json === undefined ? "Value" : "As text"} text={isWritten ? shownText(cell, column.type) : text} />}
    </>
  );
}

interface RowProps {
  readonly table: ResultTable;
  readonly row: number;
  readonly chosen: number;
  readonly onChoose: (cell: CellPlace) => void;
}

const MOST_IN_ROW = 400;

export function RowInspector({ table, row, chosen, onChoose }: RowProps): JSX.Element {
  return (
    <>
      <p class="what">
        <span class="quiet">Row {row + 1}</span>
        <Copy text={rowJson(table, row)} what="row as JSON" />
      </p>
      <dl class="row-view">
        {table.columns.map((column, index) => {
          const cell = table.rows[row]?.[index] ?? null;
          const text = shownText(cell, column.type);
          return (
            <div key={index} class={index === chosen ? "current" : ""}>
              <dt title={column.type}>
                <Inert text={column.name} />
              </dt>
              <dd>
                <button class="plain" onClick={() => onChoose({ row, column: index })}>
                  {isNothing(cell) ? (
                    <span class="no-value">{cell === "" ? '""' : "null"}</span>
                  ) : (
                    <Inert text={text.length > MOST_IN_ROW ? `${text.slice(0, MOST_IN_ROW)} …` : text} />
                  )}
                </button>
              </dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}
