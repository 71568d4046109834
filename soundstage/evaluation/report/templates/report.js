(() => {
  const players = [...document.querySelectorAll("audio")];
  for (const row of document.querySelectorAll(".strip-row")) {
    const player = row.querySelector("audio");
    const shade = row.querySelector(".shade");
    const head = shade.querySelector("i");
    const follow = () => {
      head.hidden = false;
      head.style.left = `${(100 * player.currentTime) / (player.duration || 1)}%`;
      if (!player.paused) requestAnimationFrame(follow);
    };
    player.addEventListener("play", () => {
      players.forEach((other) => { if (other !== player) other.pause(); });
      follow();
    });
    player.addEventListener("seeked", follow);
    shade.addEventListener("click", (event) => {
      const box = shade.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      const start = () => { player.currentTime = share * player.duration; player.play(); };
      if (player.readyState) { start(); return; }
      player.addEventListener("loadedmetadata", start, { once: true });
      player.load();
    });
  }
})();
