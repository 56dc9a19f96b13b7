/**
 * Lua for a process in a worker: an asset of our own site, fetched and compiled when the first script is run. A script
 * can't wait for a promise, so it is fetched synchronously, which workers may.
 */
import { provideLua } from '../engine/scripting/lua-module.ts'
import url from '../engine/scripting/lua51.wasm?url'

export function provideLuaFromSite(): void {
  provideLua(() => {
    const request = new XMLHttpRequest()
    request.open('GET', url, false)
    request.responseType = 'arraybuffer'
    request.send()
    if (request.status !== 200) throw new Error(`Lua could not be loaded: ${request.status} ${url}`)
    return new Uint8Array(request.response as ArrayBuffer)
  })
}
