import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { platform } from "node:process";
import type { HostFile, HostFiles } from "./host.ts";

/** More than this Node does not read at once. */
const CHUNK = 2 ** 30;

function open(path: string): HostFile {
  const file = openSync(path, "r");
  const stat = fstatSync(file);
  if (!stat.isFile()) {
    closeSync(file);
    throw new Error("it is no regular file");
  }
  return {
    size: stat.size,
    read(into, offset) {
      for (let at = 0; at < into.length;) {
        const count = readSync(file, into, at, Math.min(into.length - at, CHUNK), offset + at);
        if (count === 0) throw new Error(`it ends at byte ${offset + at}: it was cut while it was open`);
        at += count;
      }
    },
    close: () => closeSync(file),
  };
}

/** The file itself, where `path` is a link to one; `path` where there is none. */
function target(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Calls `body` with an open file, which is then on the disk. */
function synced(path: string, flags: "r" | "wx", body: (file: number) => void = () => {}): void {
  const file = openSync(path, flags);
  try {
    body(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function write(path: string, parts: Iterable<Uint8Array>): void {
  const goal = target(path);
  // In the same folder, since a file is renamed at once only within a file system.
  const temporary = `${goal}.${randomUUID()}.tmp`;
  try {
    synced(temporary, "wx", (file) => {
      for (const part of parts) for (let at = 0; at < part.length;) at += writeSync(file, part, at);
    });
    renameSync(temporary, goal);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  // The name is on the disk once the folder is. Windows opens no folders.
  if (platform !== "win32") synced(dirname(goal), "r");
}

/** Node's files. */
export const files: HostFiles = {
  exists: existsSync,
  open,
  write,
  makeFolder: (path) => mkdirSync(path, { recursive: true }),
};
