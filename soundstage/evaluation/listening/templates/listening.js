(() => {
  const told = JSON.parse(document.getElementById("trials").textContent);
  const $ = (id) => document.getElementById(id);
  const kept = `soundstage-listening-${told.test}`;
  const state = { listener: "", remarks: "", at: 0, ratings: {}, heard: {} };
  let trials = [];
  let videos = {};
  let shown = null;
  let playing = false;

  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  const keep = () => { try { localStorage.setItem(kept, JSON.stringify(state)); } catch { /* a folder may have no storage */ } };
  const rating = (trial, label) => ((state.ratings[trial] ??= {})[label] ??= {});
  const film = () => trials[state.at];

  // Every listener meets the films in an order of their own, the same when they come back.
  const shuffled = (list, word) => {
    let seed = [...word].reduce((sum, c) => (Math.imul(sum, 31) + c.codePointAt(0)) >>> 0, 7);
    const next = () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
    const order = [...list];
    for (let n = order.length - 1; n > 0; n -= 1) {
      const other = Math.floor(next() * (n + 1));
      [order[n], order[other]] = [order[other], order[n]];
    }
    return order;
  };

  const show = (id) => ["welcome", "stage", "end"].forEach((each) => { $(each).hidden = each !== id; });

  const pause = () => { playing = false; videos[shown]?.pause(); $("play").textContent = "Play"; };
  const play = () => { playing = true; videos[shown].play().catch(pause); $("play").textContent = "Pause"; };

  const choose = (label) => {
    if (!videos[label] || label === shown) return;
    const [before, now] = [videos[shown], videos[label]];
    shown = label;
    if (before) { now.currentTime = before.currentTime; before.pause(); }
    for (const [name, video] of Object.entries(videos)) video.classList.toggle("shown", name === label);
    document.querySelectorAll(".sound").forEach((row) => row.classList.toggle("on", row.dataset.label === label));
    if (playing) play();
  };

  const missing = () => film().labels.filter((label) => told.scales.some(([name]) => !rating(film().id, label)[name]));
  const judge = () => {
    const lacking = missing();
    $("missing").textContent = lacking.length ? `Still to be rated: ${lacking.join(", ")}` : "";
    $("next").disabled = lacking.length > 0;
    $("next").textContent = state.at + 1 === trials.length ? "Finish" : "Next";
    $("back").disabled = state.at === 0;
    const done = trials.filter((t) => t.labels.every((l) => told.scales.every(([name]) => state.ratings[t.id]?.[l]?.[name])));
    $("done").value = done.length / trials.length;
  };

  const choices = (trial, label, name, question) => {
    const field = document.createElement("fieldset");
    field.append(Object.assign(document.createElement("legend"), { textContent: question }));
    const row = Object.assign(document.createElement("div"), { className: "choices" });
    for (let value = 1; value <= 5; value += 1) {
      const choice = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: `${label}-${name}`, value });
      input.checked = rating(trial, label)[name] === value;
      input.addEventListener("change", () => { rating(trial, label)[name] = value; keep(); judge(); });
      choice.append(input, String(value));
      row.append(choice);
    }
    field.append(row);
    return field;
  };

  const sound = (trial, label) => {
    const row = Object.assign(document.createElement("div"), { className: "sound" });
    row.dataset.label = label;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.setAttribute("aria-label", `Listen to ${label}`);
    button.addEventListener("click", () => { choose(label); if (!playing) play(); });
    row.append(button, ...told.scales.map(([name, question]) => choices(trial, label, name, question)));
    return row;
  };

  const follow = (video, label) => {
    let last = null;
    video.addEventListener("timeupdate", () => {
      if (label !== shown) { last = null; return; }
      const heard = (state.heard[film().id] ??= {});
      if (last !== null && video.currentTime > last && video.currentTime - last < 1) {
        heard[label] = (heard[label] ?? 0) + video.currentTime - last;
      }
      last = video.currentTime;
      $("seek").value = (1000 * video.currentTime) / (video.duration || 1);
      $("clock").textContent = `${clock(video.currentTime)} / ${clock(video.duration || 0)}`;
    });
    video.addEventListener("ended", () => { if (label === shown) { pause(); video.currentTime = 0; } });
    video.addEventListener("error", () => { if (label === shown) $("missing").textContent = "This browser cannot play the film."; });
  };

  const open = (at) => {
    pause();
    state.at = at;
    keep();
    const trial = film();
    videos = {};
    shown = null;
    for (const label of trial.labels) {
      const video = Object.assign(document.createElement("video"), { src: trial.files[label], preload: "auto", playsInline: true });
      follow(video, label);
      videos[label] = video;
    }
    $("screen").replaceChildren(...Object.values(videos));
    $("ratings").replaceChildren(...trial.labels.map((label) => sound(trial.id, label)));
    $("where").textContent = `Film ${at + 1} of ${trials.length}`;
    $("seek").value = 0;
    $("clock").textContent = "0:00";
    choose(trial.labels[0]);
    judge();
    show("stage");
    scrollTo(0, 0);
  };

  const answers = () => ({
    schema_version: 1,
    test: told.test,
    listener: state.listener,
    finished: new Date().toISOString(),
    remarks: state.remarks,
    ratings: trials.flatMap((trial) => trial.labels.map((label) => ({
      trial: trial.id,
      label,
      ...rating(trial.id, label),
      heard: Math.round(10 * (state.heard[trial.id]?.[label] ?? 0)) / 10,
    }))),
  });

  const begin = () => {
    trials = shuffled(told.trials, state.listener);
    open(Math.min(state.at, trials.length - 1));
  };

  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = $("listener").value.trim();
    if (name !== state.listener) { // another listener at the same machine must not meet what was said before
      Object.assign(state, { listener: name, remarks: "", at: 0, ratings: {}, heard: {} });
      $("remarks").value = "";
    }
    if (name) begin();
  });
  $("play").addEventListener("click", () => (playing ? pause() : play()));
  $("seek").addEventListener("input", () => { const video = videos[shown]; video.currentTime = ($("seek").value / 1000) * (video.duration || 0); });
  $("back").addEventListener("click", () => open(state.at - 1));
  $("next").addEventListener("click", () => {
    if (state.at + 1 < trials.length) { open(state.at + 1); return; }
    pause();
    show("end");
  });
  $("again").addEventListener("click", () => open(trials.length - 1));
  $("remarks").addEventListener("input", () => { state.remarks = $("remarks").value; keep(); });
  $("save").addEventListener("click", () => {
    const file = new Blob([JSON.stringify(answers(), null, 2)], { type: "application/json" });
    const name = state.listener.match(/[A-Za-z0-9]+/g)?.join("-") ?? "listener";
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: `results-${name}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  document.addEventListener("keydown", (event) => {
    if ($("stage").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.tagName !== "BUTTON") { event.preventDefault(); playing ? pause() : play(); }
    const label = event.key.toUpperCase();
    if (videos[label]) choose(label);
  });

  try {
    Object.assign(state, JSON.parse(localStorage.getItem(kept) ?? "{}"));
  } catch { /* nothing was kept */ }
  $("listener").value = state.listener;
  $("remarks").value = state.remarks;
})();
