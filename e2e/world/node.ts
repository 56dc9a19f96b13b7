import { oneThread } from './one-thread.ts'
import { STORIES } from './story.ts'

console.log(JSON.stringify(Object.fromEntries(await Promise.all(STORIES.map(async (s) => [s, await oneThread(s)])))))
