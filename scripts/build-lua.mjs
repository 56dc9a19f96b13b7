// Makes src/engine/scripting/lua51.wasm out of the Lua 5.1 that the package wasmoon-lua5.1 carries. Some additions, all
// in WebAssembly text, then binaryen's Asyncify pass:
//   - writes to a table with bit 7 of its mark set (which the collector leaves alone) call `env.readonly` (Redis's patched Lua has read-only tables);
//   - string matching, string building and sorting in C count down `fuel` and call `env.budget` when it is used up, so
//     that they can be interrupted like Lua code can (the count hook runs between Lua instructions only);
//   - pcall tells `env.caught` of errors; compiled code is not loaded; both as in Redis's Lua;
//   - memory is imported, so that its limit is ours;
//   - the instructions that call nothing (arithmetic of numbers, jumps, loops, locals) run in a copy of luaV_execute that
//     Asyncify need not touch, as what it adds to a function makes it half as fast; the copy goes back before the first
//     instruction that it can't do, or when the hook's time has come, as if it had not begun that one;
//   - a whole number below 10^14 becomes text without the C library's printf, which computes in 128-bit software floats;
//   - Asyncify: the whole C stack can be put aside from inside the count hook or the budget and taken up again later,
//     which is how a script that runs long lets the server's other clients in.
// The result is checked in: run this only when the package changes. `npx` fetches binaryen.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const input = join(root, 'node_modules/wasmoon-lua5.1/dist/liblua5.1.wasm')
const output = join(root, 'src/engine/scripting/lua51.wasm')
const INPUT_SHA256 = 'cba969b97e8a319eba8996b5df488aed5cdd22a56f2de53b42598e474014e610'
const FEATURES = ['bulk-memory', 'sign-ext', 'nontrapping-float-to-int', 'mutable-globals'].map((f) => `--enable-${f}`)
// Functions that allocate, collect or raise: they never put the stack aside, and need not be able to.
const NEVER_SUSPEND =
  '303,304,201,202,321,322,323,226,227,204,220,206,225,361,362,385,389,392,393,391,210,207,219,198,200,203,521,508,511,number_text'

if (createHash('sha256').update(readFileSync(input)).digest('hex') !== INPUT_SHA256) {
  console.error('build-lua: the package has another Lua than the one whose functions are named here')
  process.exit(1)
}
const dir = mkdtempSync(join(tmpdir(), 'rehash-lua-'))
const binaryen = (tool, ...args) => {
  const r = spawnSync('npx', ['--yes', '--package=binaryen@132.0.0', tool, ...FEATURES, ...args], { stdio: 'inherit' })
  if (r.status !== 0) process.exit(1)
}
binaryen('wasm-dis', input, '-o', join(dir, 'lua.wat'))
let wat = readFileSync(join(dir, 'lua.wat'), 'utf8')

const once = (from, to) => {
  const parts = wat.split(from)
  if (parts.length !== 2) throw new Error(`${from}: found ${parts.length - 1} times`)
  wat = parts.join(to)
}
/** Code at the start of a function: after its locals. */
const atEntry = (index, code) => {
  const start = wat.indexOf(`\n (func $${index} `)
  if (start === -1) throw new Error(`no function ${index}`)
  let at = wat.indexOf('\n', start + 1)
  while (wat.startsWith('\n  (local ', at)) at = wat.indexOf('\n', at + 1)
  wat = `${wat.slice(0, at)}\n${code}${wat.slice(at)}`
}
once(
  '\n (memory $0 256 32768)',
  '\n (global $fuel (mut i32) (i32.const 0))\n (global $handling (mut i32) (i32.const 0))',
)
once(
  '\n (import "env" "exit"',
  `\n (import "env" "memory" (memory $0 256 32768))
 (import "env" "budget" (func $budget (param i32)))
 (import "env" "readonly" (func $readonly (param i32)))
 (import "env" "caught" (func $caught (param i32)))
 (import "env" "exit"`,
)
once(
  '\n (export "lua_checkstack"',
  '\n (export "fuel" (global $fuel))\n (export "handling" (global $handling))\n (export "lua_checkstack"',
)
const spend = (L) => `  (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
  (if (i32.lt_s (global.get $fuel) (i32.const 0)) (then (call $budget ${L})))`
// match(ms, ...) and luaL_addlstring(B, ...) keep the state at offset 8 of their first argument; sort_comp(L, ...) has it.
for (const f of [375, 93]) atEntry(f, spend('(i32.load offset=8 (local.get 0))'))
atEntry(406, spend('(local.get 0)'))
// luaG_errormsg calls xpcall's handler from where nothing can be put aside; luaD_throw ends that.
atEntry(202, '  (global.set $handling (i32.const 1))')
atEntry(204, '  (global.set $handling (i32.const 0))')
// luaH_set, luaH_setnum, luaH_setstr
for (const f of [391, 392, 393]) {
  atEntry(
    f,
    `  (if (i32.ge_u (i32.load8_u offset=5 (local.get $1)) (i32.const 128)) (then (call $readonly (local.get $0))))`,
  )
}
/** A replacement inside one function. */
const inside = (index, from, to) => {
  const start = wat.indexOf(`\n (func $${index} `)
  const end = wat.indexOf('\n (func ', start + 1)
  const parts = wat.slice(start, end).split(from)
  if (parts.length !== 2) throw new Error(`function ${index}: found ${parts.length - 1} times ${from}`)
  wat = wat.slice(0, start) + parts.join(to) + wat.slice(end)
}
// f_parser: no first byte means compiled code.
inside(216, '(i32.const 27)', '(i32.const 999)')
// luaB_pcall: an error table with a text gives its text.
inside(
  125,
  `\n  (i32.store offset=8\n   (local.tee $2`,
  `\n  (if (i32.eqz (local.get $1)) (then (call $caught (local.get $0))))\n  (i32.store offset=8\n   (local.tee $2`,
)
// sprintf(buffer, "%.14g", number) in luaV_tostring and, inlined, in luaV_concat. The buffer has 32 bytes; the digits of a whole
// number are written from its end and moved to its start. Zero has a sign.
const SPRINTF = 471
const LUA_NUMBER_FMT = 3715
const converts = new RegExp(
  `\\(call \\$${SPRINTF}(?=\\s+\\(local\\.tee (?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*\\)\\s+\\(i32\\.const ${LUA_NUMBER_FMT}\\))`,
  'g',
)
if (wat.match(converts)?.length !== 4) throw new Error('numbers become text in other places than known')
wat = wat.replace(converts, '(call $number_text')
const digit = `(local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $low) (i32.const 10))))
    (local.set $low (i32.div_u (local.get $low) (i32.const 10)))`
const numberText = `
 (func $number_text (param $buffer i32) (param $format i32) (param $from i32)
  (local $n f64) (local $value i64) (local $low i32) (local $high i32) (local $at i32)
  (local.set $n (f64.load (local.get $from)))
  (if (i32.or
    (i32.eqz (f64.lt (f64.abs (local.get $n)) (f64.const 1e14)))
    (i32.or (f64.ne (f64.trunc (local.get $n)) (local.get $n)) (f64.eq (local.get $n) (f64.const 0))))
   (then
    (call $${SPRINTF} (local.get $buffer) (local.get $format) (local.get $from))
    (return)))
  (local.set $value (i64.trunc_f64_u (f64.abs (local.get $n))))
  (local.set $low (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 1000000000))))
  (local.set $high (i32.wrap_i64 (i64.div_u (local.get $value) (i64.const 1000000000))))
  (local.set $at (i32.add (local.get $buffer) (i32.const 31)))
  (i32.store8 (local.get $at) (i32.const 0))
  (if (local.get $high) (then
   (loop $nine
    ${digit}
    (br_if $nine (i32.gt_u (local.get $at) (i32.add (local.get $buffer) (i32.const 22)))))
   (local.set $low (local.get $high))))
  (loop $more
    ${digit}
    (br_if $more (local.get $low)))
  (if (f64.lt (local.get $n) (f64.const 0)) (then
   (local.set $at (i32.sub (local.get $at) (i32.const 1)))
   (i32.store8 (local.get $at) (i32.const 45))))
  (i64.store (local.get $buffer) (i64.load (local.get $at)))
  (i64.store offset=8 (local.get $buffer) (i64.load offset=8 (local.get $at))))`
// luaV_execute and its copy.
const EXECUTE = 422
const INSTRUCTIONS = 38
// MOVE LOADK LOADBOOL LOADNIL GETUPVAL, ADD SUB MUL DIV MOD, UNM NOT, JMP EQ LT LE TEST TESTSET, FORLOOP FORPREP
const FAST = new Set([0, 1, 2, 3, 4, 12, 13, 14, 15, 16, 18, 19, 22, 23, 24, 25, 26, 27, 31, 32])
let fastMask = 0n
for (const op of FAST) fastMask |= 1n << BigInt(op)
/** The text with every expression that begins like this replaced. */
const replaceExpressions = (text, begin, by) => {
  for (let at = text.indexOf(begin); at !== -1; at = text.indexOf(begin, at)) {
    let depth = 0
    let end = at
    do {
      if (text[end] === '(') depth++
      if (text[end] === ')') depth--
      end++
    } while (depth > 0)
    text = text.slice(0, at) + by + text.slice(end)
  }
  return text
}
const fastCopy = () => {
  const start = wat.indexOf(`\n (func $${EXECUTE} `)
  let copy = wat.slice(start, wat.indexOf('\n (func ', start + 1)).trimEnd()
  const change = (from, to) => {
    const parts = copy.split(from)
    if (parts.length !== 2) throw new Error(`the copy of luaV_execute: found ${parts.length - 1} times ${from}`)
    copy = parts.join(to)
  }
  change(`(func $${EXECUTE} `, '(func $fast (export "fast") ')
  copy = copy.replaceAll('(global.set $global$0', '(drop')
  copy = replaceExpressions(copy, '(call ', '(br $leave)')
  // The hook: L->hookcount (64) has come to 0, or it is to be called at every line.
  change(
    '\n      (block $block1\n       (if\n        (local.get $3)',
    `
      (br_if $leave (i32.eqz (local.get $3)))
      (br_if $leave (i32.and (local.get $2) (i32.const 4)))
      (block $block1\n       (if\n        (local.get $3)`,
  )
  change(/\(local\.tee \$5\s+\(local\.get \$6\)\s+\)/.exec(copy)[0], '(local.tee $at (local.tee $5 (local.get $6)))')
  const [jumps] = /\(br_table( \$block\d+){38} \$label/.exec(copy)
  let op = 0
  change(
    jumps,
    jumps.replace(/\$block\d+/g, (label) => (FAST.has(op++) ? label : '$leave')),
  )
  if (op !== INSTRUCTIONS) throw new Error(`${op} instructions`)
  const body = copy.lastIndexOf('\n  (local ')
  const from = copy.indexOf('\n', body + 1)
  return `${copy.slice(0, from)}
  (local $at i32)
  (block $leave${copy.slice(from, copy.length - 1)})
  (i32.store offset=64 (local.get $0) (i32.add (i32.load offset=64 (local.get $0)) (i32.const 1)))
  (i32.store offset=24 (local.get $0) (local.get $at)))`
}
const fast = fastCopy()
inside(
  EXECUTE,
  '\n   (loop $label\n    (block $block4\n',
  `
   (loop $label
    (block $block4
     (if (i32.and
       (i32.eqz (i32.and (i32.load8_u offset=56 (local.get $0)) (i32.const 4)))
       (i32.wrap_i64 (i64.shr_u (i64.const ${fastMask}) (i64.extend_i32_u (i32.and (i32.load (local.get $6)) (i32.const 63))))))
      (then
       (i32.store offset=24 (local.get $0) (local.get $6))
       (call $fast (local.get $0) (i32.const 0))
       (local.set $6 (i32.load offset=24 (local.get $0)))))
`,
)
wat = `${wat.slice(0, wat.lastIndexOf(')'))}${fast}${numberText}\n)\n`
writeFileSync(join(dir, 'patched.wat'), wat)
binaryen('wasm-as', join(dir, 'patched.wat'), '-o', join(dir, 'patched.wasm'))
const passes = [
  '--asyncify',
  '--pass-arg=asyncify-imports@env.invoke_vii,env.budget',
  `--pass-arg=asyncify-removelist@${NEVER_SUSPEND}`,
  '-O3',
]
binaryen('wasm-opt', join(dir, 'patched.wasm'), ...passes, '-o', output)
rmSync(dir, { recursive: true })
console.log(`build-lua: ${output}: ${statSync(output).size} bytes`)
