// A stand-in for the vendor's SDK, written to its published behaviour (field guide §6): logs in at the vendor's address,
// loads the client script that the answer names, makes https of its server, refreshes the token, keeps alive. With
// `isNewStack` it asks the settings for the servers, and takes the one with the highest Priority.
'use strict'
window.EventsSDK = class {
  constructor (options) {
    this.options = { loginUrl: 'https://loginapi.voicenter.co.il/monitorAPI/Login', ...options }
    this.listeners = []
  }

  async init () {
    await (this.options.isNewStack ? this.initNewer() : this.initOlder())
    return true
  }

  async initOlder () {
    const { loginType, email, password, username, token } = this.options
    const said = { user: { email, pin: password }, account: { username, password }, token: { token } }[loginType]
    const kind = loginType[0].toUpperCase() + loginType.slice(1)
    const answer = await this.ask(`${this.options.loginUrl}/${kind}`, { method: 'POST', body: JSON.stringify(said) })
    await this.open(answer.Data.Socket)
  }

  async initNewer () {
    const { email, password, token, loginUrl } = this.options
    const said = token ? { identityType: 'Token', token } : { identityType: 'User', username: email, password }
    await this.settle((await this.ask(loginUrl, { method: 'POST', body: JSON.stringify(said) })).Data)
  }

  async settle (login) {
    const settings = await this.ask(this.options.getSettingsUrl, this.bearer(login.AccessToken))
    const server = settings.MonitorList.reduce((best, other) => (best.Priority > other.Priority ? best : other))
    const URL = `https://${server.Domain}`
    const Client = `${URL}/monitorAPI/GetSocketClient?v=${server.Version}`
    await this.open({ ...login, ...settings, URL, Client, Token: settings.IdentityCode })
  }

  async refresh () {
    const url = this.options.refreshTokenUrl || new URL('RefreshIdentityToken', this.options.loginUrl)
    this.socket.close()
    const { Data } = await this.ask(url, this.bearer(this.session.RefreshToken))
    await (this.options.isNewStack ? this.settle(Data) : this.open(Data.Socket))
  }

  bearer (token) {
    return { headers: { Authorization: `Bearer ${token}` } }
  }

  async ask (url, request) {
    const headers = { 'Content-Type': 'application/json', ...request.headers }
    const answer = await (await fetch(url, { ...request, headers })).json()
    if (answer.error) throw new Error(answer.error)
    return answer
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
