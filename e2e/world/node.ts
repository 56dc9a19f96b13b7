import { oneThread } from './one-thread.ts'

console.log(JSON.stringify(await oneThread()))
