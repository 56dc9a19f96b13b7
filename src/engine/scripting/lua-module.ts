/**
 * Where the compiled Lua comes from. The engine is plain ECMAScript: it neither reads files nor fetches. Whoever runs it
 * (the node adapter, a worker, a test) names a function here that yields the compiled module; it is called at the first
 * script, so that a process that never runs one never loads it. Compiled code has no state: machines may share it, each
 * makes its own instance.
 */

/** The little of the WebAssembly interface that the engine uses; the type library of ECMAScript does not have it. */
export interface WasmModule {
  readonly __wasmModule?: never
}
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
export interface WasmTable {
  grow(n: number): number
  get(index: number): (...args: number[]) => number
  set(index: number, f: unknown): void
}
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, unknown> }
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory
}
export const wasm = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly

let loader: (() => Uint8Array | WasmModule) | null = null
let compiled: WasmModule | null = null

export function provideLua(load: () => Uint8Array | WasmModule): void {
  loader = load
  compiled = null
}
export function luaModule(): WasmModule {
  if (compiled === null) {
    if (loader === null) throw new Error('no Lua was provided: call provideLua() first')
    const got = loader()
    compiled = got instanceof Uint8Array ? new wasm.Module(got) : got
  }
  return compiled
}
