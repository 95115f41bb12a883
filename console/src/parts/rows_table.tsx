/** A few rows as a plain table: pages, and each row opens to all of its cells, whole. */
import type { ComponentChildren, JSX } from "preact";
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Cell } from "../api/query";
import { Inert } from "../text/inert";
import { cellText, datetimeText, jsonText } from "../results/values";

const ON_A_PAGE = 25;
/** A cell shows so much of its text; the row, opened, all of it. */
const SHOWN = 240;
const LINE = 90;
/** A datetime as Kusto's wire writes it: it is shown without the zeros behind its second. */
const WIRE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/;

interface Props {
  label: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
  /** Of each row, whether it is marked, and what the mark says. */
  marked?: readonly boolean[];
  mark?: string;
  /** What stands below the cells of a row that is opened. */
  below?: (row: number) => ComponentChildren;
}

function isNumber(value: Cell): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function CellView({ value }: { value: Cell }): JSX.Element {
  if (value === null || value === undefined) return <td class="quiet">null</td>;
  const text = cellText(value);
  return (
    <td class={isNumber(value) ? "number" : ""}>
      <Inert text={text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : WIRE.test(text) ? datetimeText(text) : text} />
    </td>
  );
}

/** All of a cell: dynamic values in lines, where they are too long for one. */
function wholeText(value: Cell): string {
  const text = cellText(value);
  return typeof value === "object" && text.length > LINE ? jsonText(value, 2) : text;
}

function Whole({ columns, row, children }: { columns: readonly string[]; row: readonly Cell[]; children: ComponentChildren }): JSX.Element {
  return (
    <div class="whole">
      <dl>
        {columns.map((name, index) => (
          <Fragment key={index}>
            <dt>
              <Inert text={name} />
            </dt>
            <dd>
              {row[index] === null || row[index] === undefined ? (
                <span class="quiet">null</span>
              ) : (
                <Inert text={wholeText(row[index])} lines />
              )}
            </dd>
          </Fragment>
        ))}
      </dl>
      {children}
    </div>
  );
}

function Pages({ page, pages, rows, turn }: { page: number; pages: number; rows: number; turn: (to: number) => void }): JSX.Element | null {
  if (pages < 2) return null;
  return (
    <div class="pages">
      <button disabled={page === 0} aria-label="Page before" onClick={() => turn(page - 1)}>
        ‹
      </button>
      <span>
        {page * ON_A_PAGE + 1}–{Math.min(rows, (page + 1) * ON_A_PAGE)} of {rows.toLocaleString("en")}
      </span>
      <button disabled={page === pages - 1} aria-label="Next page" onClick={() => turn(page + 1)}>
        ›
      </button>
    </div>
  );
}

export function RowsTable({ label, columns, rows, marked, mark = "new", below }: Props): JSX.Element {
  const [asked, turn] = useState(0);
  const [opened, open] = useState<number | null>(null);
  const pages = Math.ceil(rows.length / ON_A_PAGE);
  const page = Math.max(0, Math.min(asked, pages - 1));
  const shown = rows.slice(page * ON_A_PAGE, (page + 1) * ON_A_PAGE);
  return (
    <div class="rows">
      <div class="scroll">
        <table aria-label={label}>
          <thead>
            <tr>
              <th class="opens">
                <span class="unseen">Row</span>
              </th>
              {columns.map((name, index) => (
                <th key={index} class={shown.some((row) => isNumber(row[index])) ? "number" : ""}>
                  <Inert text={name} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => {
              const at = page * ON_A_PAGE + index;
              const isOpen = opened === at;
              const isMarked = marked?.[at] === true;
              return (
                <Fragment key={at}>
                  <tr class={`${isOpen ? "open" : ""} ${isMarked ? "marked" : ""}`} onClick={() => open(isOpen ? null : at)}>
                    <td class="opens">
                      <button class="plain" aria-expanded={isOpen} aria-label={`Row ${at + 1}`}>
                        {isOpen ? "▾" : "▸"}
                      </button>
                      {isMarked && <span class="chip accent">{mark}</span>}
                    </td>
                    {columns.map((_, column) => (
                      <CellView key={column} value={row[column]} />
                    ))}
                  </tr>
                  {isOpen && (
                    <tr class="below">
                      <td colSpan={columns.length + 1}>
                        <Whole columns={columns} row={row}>
                          {below?.(at)}
                        </Whole>
                      </td>
                    </tr>
                  )}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </div>
      <Pages page={page} pages={pages} rows={rows.length} turn={turn} />
    </div>
  );
}
