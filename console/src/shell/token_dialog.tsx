/** Asks for the token that the server wants. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { setToken, tokenWanted } from "../api/client";
import { loadSession } from "../api/session";
import { Dialog } from "./dialog";

export function TokenDialog(): JSX.Element | null {
  const [token, change] = useState("");
  if (!tokenWanted.value) return null;
  const enter = (event: Event): void => {
    event.preventDefault();
    setToken(token.trim());
    change("");
    void loadSession().then(
      () => dispatchEvent(new Event("bluetick:token")),
      () => undefined,
    );
  };
  return (
    <Dialog title="This server wants a token" onClose={() => undefined}>
      <form onSubmit={enter}>
        <p class="quiet">
          Make one with <code>bluetick token add NAME --lake DIR --scope rules</code>. It is kept until this tab is closed.
        </p>
        <input
          type="password"
          aria-label="Token"
          autocomplete="off"
          value={token}
          onInput={(event) => change(event.currentTarget.value)}
        />
        <div class="buttons">
          <button class="primary" type="submit" disabled={token.trim() === ""}>
            Enter
          </button>
        </div>
      </form>
    </Dialog>
  );
}
