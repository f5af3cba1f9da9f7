// A socket.io client as the vendor's SDK makes one: what it hears goes to standard output, a JSON array a line.
// Standard input takes JSON arrays [event, argument] to emit. Arguments: 1 or 2 (the client's age), URL, token.
'use strict'
const [age, url, token] = process.argv.slice(2)
const io = require(`socket.io-client-${age}`)
// 1.x wants the query as a string and puts it into the address as it is; 2.x encodes an object itself.
const query = age === '1' ? `token=${encodeURIComponent(token)}` : { token }
const socket = io(url, { transports: ['websocket'], upgrade: false, reconnection: false, forceNew: true, query })
const say = (event, data) => process.stdout.write(JSON.stringify([event, data === undefined ? null : data]) + '\n')

const events = [
  'connect', 'loginSuccess', 'loginStatus', 'AllExtensionsStatus', 'AllUsersStatus', 'AllDialersStatus',
  'ExtensionEvent', 'QueueEvent', 'DialerEvent', 'keepaliveResponse', 'ExtensionsUpdated', 'closeme'
]
for (const event of events) socket.on(event, (data) => say(event, data))
for (const event of ['disconnect', 'error', 'connect_error']) socket.on(event, (why) => say(event, String(why)))

require('readline').createInterface({ input: process.stdin }).on('line', (line) => socket.emit(...JSON.parse(line)))
// An exit drops what standard output has not passed on yet: half a line, on a busy machine.
process.stdin.on('end', () => { socket.close(); process.stdout.write('', () => process.exit(0)) })
