/** Markdown as nodes, never as HTML: what a file says is words. A link shows its address, and is not followed by a click. */
import type { JSX } from "preact";
import { Copy } from "../parts/copy";
import { Inert } from "../text/inert";
import { readMarkdown, type Block, type Inline } from "./markdown";

function InlineView({ one }: { one: Inline }): JSX.Element {
  switch (one.kind) {
    case "code":
      return (
        <code>
          <Inert text={one.text} lines />
        </code>
      );
    case "strong":
      return (
        <strong>
          <Inert text={one.text} lines />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Inert text={one.text} lines />
        </em>
      );
    case "link":
      return (
        <span class="link">
          <Inert text={one.text} /> <span class="to">⟨<Inert text={one.to} />⟩</span>
          <Copy text={one.to} what="address" />
        </span>
      );
    case "text":
      return <Inert text={one.text} lines />;
  }
}

function Inlines({ inlines }: { inlines: readonly Inline[] }): JSX.Element {
  return (
    <>
      {inlines.map((one, index) => (
        <InlineView key={index} one={one} />
      ))}
    </>
  );
}

function BlockView({ block }: { block: Block }): JSX.Element {
  switch (block.kind) {
    case "heading": {
      // The page's own title is the first heading.
      const Heading = (["h2", "h2", "h3", "h4", "h5", "h6"] as const)[block.level - 1] ?? "h6";
      return (
        <Heading>
          <Inlines inlines={block.inlines} />
        </Heading>
      );
    }
    case "paragraph":
      return (
        <p>
          <Inlines inlines={block.inlines} />
        </p>
      );
    case "quote":
      return (
        <blockquote>
          <Inlines inlines={block.inlines} />
        </blockquote>
      );
    case "list": {
      const List = block.isOrdered ? "ol" : "ul";
      return (
        <List>
          {block.items.map((item, index) => (
            <li key={index}>
              <Inlines inlines={item} />
            </li>
          ))}
        </List>
      );
    }
    case "code":
      return (
        <pre>
          <Inert text={block.text} lines />
        </pre>
      );
    case "rule":
      return <hr />;
  }
}

export function Markdown({ text }: { text: string }): JSX.Element {
  return (
    <div class="markdown">
      {readMarkdown(text).map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </div>
  );
}
