import { host } from "#host";
import { ArgumentError, CotangentError, FileError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { HostFiles } from "../host/host.ts";

/** A path, where the host has files, or the bytes themselves. */
export type FileSource = string | Uint8Array | ArrayBuffer;

/** Bytes that are read where they are needed. */
export interface Source {
  /** For messages: the path, or what the bytes are called. */
  readonly name: string;
  readonly size: number;
  /** Fills `into` with the bytes from `offset` on. @throws FileError when they cannot be read. */
  read(into: Uint8Array, offset: number): void;
  close(): void;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What `body` does with the host's files; its failures are FileErrors. */
function withFiles<T>(code: string, caller: string, path: string, body: (files: HostFiles) => T): T {
  if (host.files === null) {
    throw new FileError(
      "files/host",
      `${caller}: ${JSON.stringify(path)} is a path, and there are no files here: give the bytes, as of await (await fetch(url)).arrayBuffer()`,
    );
  }
  try {
    return body(host.files);
  } catch (cause) {
    if (cause instanceof CotangentError) throw cause; // of an array that was to be written
    throw new FileError(code, `${caller}: ${JSON.stringify(path)}: ${message(cause)}`, { cause });
  }
}

/**
 * The bytes of `source`, none of which is read yet.
 * @throws FileError there is no such file; ArgumentError `source` is neither a path nor bytes.
 */
export function openSource(source: FileSource, caller: string): Source {
  if (typeof source === "string") {
    const file = withFiles("files/open", caller, source, (files) => files.open(source));
    return {
      name: JSON.stringify(source),
      size: file.size,
      read: (into, offset) => withFiles("files/read", caller, source, () => file.read(into, offset)),
      close: () => file.close(),
    };
  }
  const isBytes = source instanceof Uint8Array;
  if (!isBytes && !(source instanceof ArrayBuffer)) {
    throw new ArgumentError(
      "files/source",
      `${caller} takes a path, a Uint8Array or an ArrayBuffer, got ${describe(source)}`,
    );
  }
  const bytes = isBytes ? source : new Uint8Array(source);
  return {
    name: "the bytes",
    size: bytes.length,
    read: (into, offset) => into.set(bytes.subarray(offset, offset + into.length)),
    close() {},
  };
}

/** Whether there is a file at `path`. @throws FileError there are no files here. */
export const fileExists = (path: string, caller: string): boolean =>
  withFiles("files/open", caller, path, (files) => files.exists(path));

/**
 * Makes `path` a file of these bytes: at every moment there is the old file or the whole new one.
 * @throws FileError it cannot be written.
 */
export function writeFile(path: string, parts: Iterable<Uint8Array>, caller: string): void {
  if (typeof path !== "string")
    throw new ArgumentError("files/source", `${caller} takes a path, got ${describe(path)}`);
  withFiles("files/write", caller, path, (files) => files.write(path, parts));
}

/** Makes the folder `path`, where there is none. @throws FileError it cannot be made. */
export function makeFolder(path: string, caller: string): void {
  if (typeof path !== "string")
    throw new ArgumentError("files/source", `${caller} takes the path of a folder, got ${describe(path)}`);
  withFiles("files/write", caller, path, (files) => files.makeFolder(path));
}
