// A stand-in for the vendor's SDK, written to its published behaviour (field guide §6): logs in at the vendor's address,
// loads the client script that the answer names, makes https of its server, refreshes the token, keeps alive.
'use strict'
window.EventsSDK = class {
  constructor (options) {
    this.options = { loginUrl: 'https://loginapi.voicenter.co.il/monitorAPI/Login', keepAlive: 60000, ...options }
    this.listeners = []
  }

  async init () {
    const { loginType, email, password, username, token } = this.options
    const said = { user: { email, pin: password }, account: { username, password }, token: { token } }[loginType]
    const kind = loginType[0].toUpperCase() + loginType.slice(1)
    await this.open(await this.ask(`${this.options.loginUrl}/${kind}`, { method: 'POST', body: JSON.stringify(said) }))
    return true
  }

  async refresh () {
    const headers = { Authorization: `Bearer ${this.session.RefreshToken}` }
    const url = new URL('RefreshIdentityToken', this.options.loginUrl)
    this.socket.close()
    await this.open(await this.ask(url, { headers }))
  }

  async ask (url, request) {
    const headers = { 'Content-Type': 'application/json', ...request.headers }
    const answer = await (await fetch(url, { ...request, headers })).json()
    if (answer.error) throw new Error(answer.error)
    return answer.Data.Socket
  }

  async open (session) {
    this.session = session
    if (!window.io) await this.load(session.Client)
    const url = session.URL.replace(/^http:/, 'https:')
    const query = `token=${encodeURIComponent(session.Token)}`
    const options = { transports: ['websocket'], upgrade: false, reconnection: false, forceNew: true, query }
    this.socket = window.io(url, options)
    for (const [event, listener] of this.listeners) this.socket.on(event, listener)
  }

  load (source) {
    return new Promise((resolve, reject) => {
      const script = document.createElement('script')
      Object.assign(script, { src: source, onload: resolve, onerror: () => reject(new Error(source)) })
      document.head.append(script)
    })
  }

  on (event, listener) {
    this.listeners.push([event, listener])
    if (this.socket) this.socket.on(event, listener)
  }

  emit (event, data) {
    this.socket.emit(event, data)
  }
}
