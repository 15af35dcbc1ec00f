import type { PostLine } from './post-line.ts';

/** Shows a few lines that keep changing: in place on a terminal, as plain lines elsewhere. */
export interface Board {
  refresh(): void;
  /** Something to remember, above the lines. */
  announce(text: string): void;
  close(): void;
}

/** Without a terminal a line is printed when it changed, at most this often. */
const PLAIN_INTERVAL_MS = 500;
const TERMINAL_INTERVAL_MS = 100;

export function createBoard(lines: readonly PostLine[], out: NodeJS.WriteStream): Board {
  const terminal = out.isTTY;
  const printed = new Map<PostLine, string>();
  let drawn = 0;
  const clear = (): void => {
    if (drawn > 0) out.write(`\u001B[${drawn}A\u001B[J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (terminal) {
      clear();
      for (const line of lines) out.write(`  ${line.text().slice(0, (out.columns || 80) - 3)}\n`);
      drawn = lines.length;
      return;
    }
    for (const line of lines) {
      const text = line.text();
      if (printed.get(line) === text) continue;
      printed.set(line, text);
      out.write(`  ${text}\n`);
    }
  };
  const timer = setInterval(draw, terminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
  return {
    refresh: draw,
    announce(text) {
      clear();
      out.write(`${text}\n`);
      draw();
    },
    close() {
      clearInterval(timer);
      draw();
    },
  };
}
