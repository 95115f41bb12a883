/** Pages whose code is loaded when they are opened. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy(load: () => Promise<ComponentType>): ComponentType {
  let loaded: ComponentType | null = null;
  return function Lazy(): JSX.Element {
    const [failed, fail] = useState(false);
    const [Page, change] = useState<ComponentType | null>(() => loaded);
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (page) => {
          loaded = page;
          change(() => page);
        },
        () => fail(true),
      );
    }, []);
    if (failed) return <p class="page error">This part of the page did not come. Is the server still there?</p>;
    return Page === null ? <p class="page quiet">Loading …</p> : <Page />;
  };
}
