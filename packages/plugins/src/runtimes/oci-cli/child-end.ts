import { closeSync } from 'node:fs';

/** A descriptor that is passed to a child and closed here, once. */
export interface ChildEnd {
  readonly fd: number;
  close(): void;
}

export function childEnd(fd: number): ChildEnd {
  let open = true;
  return {
    fd,
    close() {
      if (!open) return;
      open = false;
      closeSync(fd);
    },
  };
}
