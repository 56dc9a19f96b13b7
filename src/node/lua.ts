/** Lua for programs on Node: the compiled WebAssembly is read from a file when the first script is run. */
import { readFileSync } from 'node:fs'
import { provideLua } from '../engine/index.ts'

export function provideLuaFrom(path: string): void {
  provideLua(() => readFileSync(path))
}
