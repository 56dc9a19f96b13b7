/** Set-up of every test file: Lua comes from the source tree. Only this little module is loaded for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { provideLua } from '../../src/engine/scripting/lua-module.ts'

provideLua(() => readFileSync(join(process.cwd(), 'src/engine/scripting/lua51.wasm')))
