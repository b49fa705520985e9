// A WHEP viewer (draft-ietf-wish-whep-03) in one module without dependencies.
//
//   const player = connect(video, '/rooms/demo/whep', { onstate: state => … });
//   player.close();
//
// States: connecting, live, reconnecting, full, ended, closed; `onstate` gets the state, what is known of it and how many tries
// in a row came to nothing. `player.retry()` makes the next one at once. It reconnects by itself with growing pauses, and joins again at once
// when the server says that it moves (`player.rejoin()`): the new picture is up before the old one goes. Who has a reason to doubt
// the connection (its page's own socket closed, say) calls `player.check()`: a dead one is then known within 0.3 s.

const WATCH_MS = 400;
const SILENT_MS = 1200; // nothing arrives at all: sound alone is fifty packets a second, spoken or not
const CHECK_MS = 300;
const STALL_MS = 4000; // packets arrive, and no picture comes of them
const RETRY_MAX_MS = 10000;
const AWAY_MAX_MS = 1500; // the longest pause while the server does not answer at all: it is being restarted
const BUFFER_MS = { audio: 100, video: 120 }; // sound takes another 20 ms through the output device
const ROUGH = 0.01; // share of packets that had to be sent again, from which a picture waits for two round trips more
const ROUGH_MAX_MS = 250;

export function connect(video, url, { token = null, onstate = () => {}, iceServers = [] } = {}) {
  let session = null;
  let closed = false;
  let retries = 0;
  let seen = false;
  let timer = 0;
  let trying = false;
  let state = '';

  const tell = (next, detail) => {
    if (next !== state || detail) onstate((state = next), detail, retries);
  };

  const headers = (more) => (token ? { Authorization: `Bearer ${token}`, ...more } : more);

  async function open() {
    const pc = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
    const mine = { pc, resource: null, etag: null, waiting: [], watch: 0, shown: false, rough: false, checking: false, gone: false };
    const stream = new MediaStream();
    try {
      pc.addTransceiver('video', { direction: 'recvonly' });
      pc.addTransceiver('audio', { direction: 'recvonly' });
      pc.ontrack = (event) => stream.addTrack(event.track);
      pc.onicecandidate = (event) => trickle(mine, event.candidate);
      // Nothing is waited for: candidates are trickled, and the server learns the address from the first check.
      await pc.setLocalDescription(await pc.createOffer());
      const reply = await fetch(url, {
        method: 'POST',
        headers: headers({ 'Content-Type': 'application/sdp' }),
        body: pc.localDescription.sdp,
      });
      if (!reply.ok) {
        const error = new Error((await reply.text()).trim() || `HTTP ${reply.status}`);
        error.status = reply.status;
        error.retryAfter = Number(reply.headers.get('Retry-After')) || 0;
        throw error;
      }
      mine.resource = new URL(reply.headers.get('Location'), new URL(url, location.href)).href;
      mine.etag = reply.headers.get('ETag');
      await pc.setRemoteDescription({ type: 'answer', sdp: await reply.text() });
      flush(mine);
      // The first time there is no old picture to keep: outputs start while the connection is being made, or the sound that
      // comes meanwhile would wait for its output, and be heard late for seconds.
      if (!seen) play(stream);
      await connected(pc);
    } catch (error) {
      drop(mine);
      throw error;
    }
    const ended = (state) => ['failed', 'closed'].includes(state) && mine === session && lost();
    pc.onconnectionstatechange = () => (pc.connectionState === 'disconnected' ? check() : ended(pc.connectionState));
    // A server that leaves says so in DTLS; the connection itself would be thought alive for many seconds.
    const dtls = pc.getReceivers()[0].transport;
    dtls.onstatechange = () => ended(dtls.state);
    return { mine, stream };
  }

  function connected(pc) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no connection')), 12000);
      pc.onconnectionstatechange = () => {
        if (pc.connectionState === 'connected') (clearTimeout(late), resolve());
        if (['failed', 'closed'].includes(pc.connectionState)) (clearTimeout(late), reject(new Error('no connection')));
      };
      pc.onconnectionstatechange();
    });
  }

  function trickle(mine, candidate) {
    mine.waiting.push(candidate);
    if (mine.resource) flush(mine);
  }

  function flush(mine) {
    const waiting = mine.waiting.splice(0);
    const sent = mine.pc.localDescription.sdp;
    const lines = waiting.filter((c) => c && c.candidate && !sent.includes(c.candidate)).map((c) => `a=${c.candidate}`);
    const end = waiting.some((c) => !c || !c.candidate);
    if (!lines.length && !end) return;
    const grab = (name) => (sent.match(new RegExp(`^a=${name}:(.+)$`, 'm')) || [])[1].trim();
    const body = [`a=ice-ufrag:${grab('ice-ufrag')}`, `a=ice-pwd:${grab('ice-pwd')}`, 'm=audio 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0', ...lines];
    if (end) body.push('a=end-of-candidates');
    fetch(mine.resource, {
      method: 'PATCH',
      headers: headers({ 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': mine.etag }),
      body: body.join('\r\n') + '\r\n',
    }).catch(() => {}); // the checks may succeed without it
  }

  function show({ mine, stream }) {
    const old = session;
    session = mine;
    retries = 0;
    const swap = () => {
      if (mine.shown || mine.gone) return;
      mine.shown = seen = true;
      if (old) drop(old);
      // From the first picture on both wait as long as the other: lips and words are together at once, where the browser's own
      // estimates take half a minute to meet.
      hold(mine, 0);
      tell('live');
    };
    play(stream);
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(swap);
    else video.addEventListener('playing', swap, { once: true });
    watch(mine, swap);
  }

  function hold(mine, more) {
    for (const receiver of mine.pc.getReceivers()) {
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = BUFFER_MS[receiver.track.kind] + more;
    }
  }

  function play(stream) {
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    video.play()?.catch((error) => error.name === 'NotAllowedError' && tell('live', 'needs-gesture'));
  }

  async function arrived(mine) {
    const now = { packets: 0, pictures: 0, again: 0, round: 0 };
    (await mine.pc.getStats()).forEach((s) => {
      if (s.type === 'candidate-pair' && s.nominated) now.round = (s.currentRoundTripTime || 0) * 1000;
      if (s.type !== 'inbound-rtp') return;
      now.packets += s.packetsReceived;
      if (s.kind !== 'video') return;
      now.pictures = s.framesDecoded || 0;
      now.again = s.retransmittedPacketsReceived || 0;
    });
    return now;
  }

  // A connection that brings nothing any more is lost, and one that brings no picture is as good as lost.
  function watch(mine, swap) {
    let last = { packets: -1, pictures: -1 };
    let packetAt = 0;
    let pictureAt = 0;
    mine.watch = setInterval(async () => {
      const found = await arrived(mine);
      const now = performance.now();
      if (found.packets !== last.packets) packetAt = now;
      if (found.pictures !== last.pictures || document.hidden) pictureAt = now;
      last = found;
      if (mine.shown && !mine.rough && found.again > Math.max(5, found.packets * ROUGH)) {
        mine.rough = true;
        hold(mine, Math.min(2 * found.round, ROUGH_MAX_MS));
      }
      if (document.hidden && found.pictures) swap(); // a hidden page is never told that a picture was shown
      if (mine === session && (now - packetAt >= SILENT_MS || now - pictureAt >= STALL_MS)) lost();
    }, WATCH_MS);
  }

  async function check() {
    const mine = session;
    if (!mine || mine.checking) return;
    mine.checking = true;
    const before = await arrived(mine);
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
    mine.checking = false;
    if (mine === session && (await arrived(mine)).packets === before.packets) lost();
  }

  function drop(mine) {
    if (mine.gone) return;
    mine.gone = true;
    clearInterval(mine.watch);
    mine.pc.close();
    if (mine.resource) fetch(mine.resource, { method: 'DELETE', headers: headers({}), keepalive: true }).catch(() => {});
  }

  function lost() {
    if (session) drop(session);
    session = null;
    attempt();
  }

  async function attempt() {
    if (closed || trying) return;
    trying = true;
    clearTimeout(timer);
    tell(seen ? 'reconnecting' : 'connecting');
    try {
      const made = await open();
      trying = false;
      if (closed) return drop(made.mine);
      show(made);
    } catch (error) {
      trying = false;
      if (closed) return;
      retries += 1;
      if (error.status === 404) tell('ended', error.message);
      else if (error.status === 503) tell('full', error.message);
      else tell('reconnecting', error.message);
      const longest = error.status ? RETRY_MAX_MS : AWAY_MAX_MS;
      const pause = Math.max(error.retryAfter ? error.retryAfter * 1000 : 0, Math.min(longest, 250 * 2 ** (retries - 1)));
      timer = setTimeout(attempt, pause * (0.75 + Math.random() / 2));
    }
  }

  const leave = () => close();
  addEventListener('pagehide', leave);

  function close() {
    closed = true;
    clearTimeout(timer);
    removeEventListener('pagehide', leave);
    if (session) drop(session);
    session = null;
    video.srcObject = null;
    tell('closed');
  }

  attempt();
  return {
    close,
    check,
    retry: () => session || attempt(),
    get pc() {
      return session && session.pc;
    },
    get state() {
      return state;
    },
    // Join anew while the old picture stays until the new one is there: for a server that is about to restart. As long as the
    // old picture runs it is tried again.
    async rejoin() {
      const old = session;
      while (!closed && session === old) {
        try {
          const made = await open();
          if (closed || session !== old) return drop(made.mine);
          return show(made);
        } catch {
          if (!session) return attempt();
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      }
    },
  };
}
