(() => {
  const scroll = document.querySelector(".scroll");
  const tracks = document.querySelector(".tracks");
  const ruler = tracks.querySelector(".ruler");
  const duration = Number(tracks.dataset.duration);
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
  let width = 0;

  const clock = (time, step) => {
    const tenths = Math.round(time * 10);
    const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
    const seconds = (tenths % 600) / 10;
    const end = (step < 1 ? seconds.toFixed(1) : String(Math.floor(seconds))).padStart(step < 1 ? 4 : 2, "0");
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${end}` : `${minutes}:${end}`;
  };

  const rule = () => {
    const step = steps.find((s) => (s / duration) * width >= 72) || duration;
    const [from, to] = [scroll.scrollLeft - 200, scroll.scrollLeft + scroll.clientWidth + 200];
    const marks = [];
    for (let n = Math.max(0, Math.floor(((from / width) * duration) / step)); n * step <= duration; n += 1) {
      const x = (n * step / duration) * width;
      if (x > to || x > width - 24) break;
      const mark = document.createElement("span");
      mark.style.left = `${x}px`;
      mark.textContent = clock(n * step, step);
      marks.push(mark);
    }
    ruler.replaceChildren(...marks);
  };

  const zoom = (wanted, x = scroll.clientWidth / 2) => {
    const before = width || scroll.clientWidth;
    const most = Math.max(scroll.clientWidth, Math.min(duration * 400, 1.2e6));
    width = Math.min(Math.max(wanted, scroll.clientWidth), most);
    const held = (scroll.scrollLeft + x) / before;
    tracks.style.setProperty("--width", `${width}px`);
    scroll.scrollLeft = held * width - x;
    rule();
  };

  const actions = {
    in: () => zoom(width * 1.6),
    out: () => zoom(width / 1.6),
    fit: () => zoom(scroll.clientWidth),
  };
  const tools = document.querySelector(".zoom");
  tools.hidden = false;
  tools.addEventListener("click", (event) => actions[event.target.dataset.zoom]?.());
  scroll.addEventListener("keydown", (event) => {
    const action = { "+": "in", "=": "in", "-": "out", 0: "fit" }[event.key];
    if (action && !event.ctrlKey && !event.metaKey) actions[action]();
  });
  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(width * Math.exp(-event.deltaY / 200), event.clientX - scroll.getBoundingClientRect().left);
  }, { passive: false });
  scroll.addEventListener("scroll", () => requestAnimationFrame(rule), { passive: true });
  addEventListener("resize", () => zoom(Math.max(width, scroll.clientWidth)));

  // A phone starts with room to read; a long film with at least four pixels a second.
  zoom(Math.max(scroll.clientWidth, 720, Math.min(duration * 4, 24000)), 0);

  const player = document.getElementById("player");
  if (!player) return;
  const head = tracks.querySelector(".head");
  head.hidden = false;
  const follow = () => {
    const x = (player.currentTime / duration) * width;
    head.style.left = `${x}px`;
    const seen = x - scroll.scrollLeft;
    if (!player.paused && (seen < 0 || seen > scroll.clientWidth * 0.9)) scroll.scrollLeft = x - scroll.clientWidth * 0.1;
    if (!player.paused) requestAnimationFrame(follow);
  };
  player.addEventListener("play", follow);
  player.addEventListener("seeked", follow);
  tracks.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    player.currentTime = ((event.clientX - tracks.getBoundingClientRect().left) / width) * duration;
  });
})();
