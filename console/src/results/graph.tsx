/** Processes and where they went, as a graph; or any two columns. */
import type { Core } from "cytoscape";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Cell, ResultTable } from "../api/query";
import { theme } from "../shell/theme";
import { countColumn, EDGE_COUNTS, graphColumns, graphData, isNumber, type GraphColumns } from "./graph_data";
import type { Comparison } from "./kql_text";

interface Props {
  readonly table: ResultTable;
  readonly onFilter: (column: number, cell: Cell, comparison: Comparison) => void;
}

export function Graph({ table, onFilter }: Props): JSX.Element {
  const [columns, choose] = useState<GraphColumns>(() => graphColumns(table) ?? { from: 0, to: Math.min(1, table.columns.length - 1), weight: countColumn(table) });
  const element = useRef<HTMLDivElement>(null);
  const [most, bound] = useState<number>(EDGE_COUNTS[0]);
  const data = useMemo(() => graphData(table, columns, most), [table, columns, most]);
  const newest = useRef(onFilter);
  newest.current = onFilter;
  useEffect(() => {
    const node = element.current;
    if (node === null || data.nodes.length === 0) return undefined;
    let graph: Core | null = null;
    let isGone = false;
    void import("./graph_engine").then(({ drawGraph }) => {
      if (isGone) return;
      graph = drawGraph(node, data, (index, isTaken) => {
        const chosen = data.nodes[index];
        if (chosen) newest.current(columns[chosen.side], chosen.cell, isTaken ? "!=" : "==");
      });
    });
    return () => {
      isGone = true;
      graph?.destroy();
    };
  }, [data, theme.value]);
  const pick = (side: "from" | "to", name: string): JSX.Element => (
    <label>
      {name}{" "}
      <select value={columns[side]} onChange={(event) => choose({ ...columns, [side]: Number(event.currentTarget.value) })}>
        {table.columns.map((column, index) => (
          <option key={index} value={index}>
            {column.name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="graph">
      <p class="bar-line">
        {pick("from", "From")}
        {pick("to", "to")}
        <label>
          the
          <select aria-label="Edges" value={most} onChange={(event) => bound(Number(event.currentTarget.value))}>
            {EDGE_COUNTS.map((count) => (
              <option key={count}>{count}</option>
            ))}
          </select>
          strongest of {data.all.toLocaleString("en")} edges
        </label>
        <label>
          by{" "}
          <select
            aria-label="Weight"
            value={columns.weight ?? ""}
            onChange={(event) => choose({ ...columns, weight: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}
          >
            <option value="">rows</option>
            {table.columns.map((column, index) => isNumber(column) && (
              <option key={index} value={index}>
                {column.name}
              </option>
            ))}
          </select>
        </label>
        <span class="quiet">
          a click on a node keeps its rows, with Shift drops them
          {data.without > 0 && ` · ${data.without.toLocaleString("en")} rows have no value in one of both`}
        </span>
      </p>
      {data.nodes.length === 0 ? (
        <p class="quiet pad">No row has a value in both columns.</p>
      ) : (
        <div ref={element} class="canvas" role="img" aria-label={`Graph of ${data.edges.length} edges`} />
      )}
    </div>
  );
}
