'use strict';
// One socket.io server of a chosen age, for the live tests.
//
//   node server.js <package> [key=value ...]
//
// pingInterval, pingTimeout, heartbeat: in ms; port: where to listen; keepalive: the errorCode of its answers;
// accept: the only token let in.
//
// Orders come in as one JSON array a line on standard input: [id, what, ...args]. Answers and facts go out as one
// JSON object a line on standard output: {"id", "result"}, or {"fact", ...}.

const http = require('http');
const readline = require('readline');

const [name, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(rest.map((pair) => pair.split('=')));
const library = require(name);
const settings = {
  serveClient: false,
  transports: ['websocket'],
  pingInterval: Number(options.pingInterval || 25000),
  pingTimeout: Number(options.pingTimeout || 20000),
};

const web = http.createServer();
const io = library.Server ? new library.Server(web, settings) : library(web, settings);
const transports = new Set();
const live = new Map();
let count = 0;
let upgrades = 0;
let most = 0;

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

web.on('connection', (socket) => {
  transports.add(socket);
  say({ fact: 'transport opened' });
  socket.on('close', () => {
    transports.delete(socket);
    say({ fact: 'transport closed', left: transports.size });
  });
});
web.on('upgrade', () => { upgrades += 1; });

// One running number for all clients: a doubled, lost or disordered frame shows.
const next = () => ({ n: (count += 1), boot: process.pid });

if ('accept' in options) {
  io.use((socket, done) => {
    done(socket.handshake.query.token === options.accept ? undefined : new Error('who are you'));
  });
}

io.on('connection', (socket) => {
  live.set(socket.id, socket);
  most = Math.max(most, live.size);
  say({ fact: 'connected', token: socket.handshake.query.token, live: live.size });
  for (const event of ['keepalive', 'resync', 'updateMonitoredExtensions']) {
    socket.on(event, (payload) => {
      say({ fact: 'received', event, payload });
      if (event === 'keepalive' && 'keepalive' in options) {
        socket.emit('keepaliveResponse', { errorCode: Number(options.keepalive) });
      }
    });
  }
  socket.on('disconnect', () => {
    live.delete(socket.id);
    say({ fact: 'disconnected', live: live.size });
  });
  socket.emit('loginSuccess', { errorCode: 0 });
});

const emit = (event, payload) => live.forEach((socket) => socket.emit(event, payload));
if (options.heartbeat) setInterval(() => emit('ExtensionEvent', next()), Number(options.heartbeat)).unref();

const engineOf = (socket) => socket.conn;
const orders = {
  emit: (event, payload) => emit(event, payload),
  burst: (n) => { for (let i = 0; i < n; i += 1) emit('ExtensionEvent', next()); },
  large: (bytes) => emit('AllExtensionsStatus', { text: 'x'.repeat(bytes) }),
  raw: (text) => live.forEach((socket) => engineOf(socket).write(text)),
  engineClose: () => live.forEach((socket) => engineOf(socket).close()),
  namespaceDisconnect: () => live.forEach((socket) => socket.disconnect(false)),
  mute: () => live.forEach((socket) => {
    const engine = engineOf(socket);
    const send = engine.sendPacket;
    engine.sendPacket = (type, ...rest) => (type === 'ping' || type === 'pong' ? undefined : send.call(engine, type, ...rest));
  }),
  count: () => ({ live: live.size, transports: transports.size, upgrades, most, sent: count }),
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [id, what, ...args] = JSON.parse(line);
  say({ id, result: orders[what](...args) });
}).on('close', () => process.exit(0));

web.listen(Number(options.port || 0), '127.0.0.1', () => say({ fact: 'listening', port: web.address().port }));
