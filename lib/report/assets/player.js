// Time: which row of the pose is showing. A video leads where there is one, else a clock of our own.
"use strict";

/** Index of the last entry of an ascending array that is <= value (0 at least). */
function lastNotAfter(ascending, value) {
  let low = 0, high = ascending.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ascending[middle] <= value) low = middle; else high = middle;
  }
  return low;
}

class Player {
  /** times: seconds of each row, ascending; video: HTMLVideoElement or null. */
  constructor(times, video) {
    this.times = times;
    this.video = video;
    this.row = 0;
    this.rate = 1;
    this.listeners = [];
    this.ownClock = null;
    if (video) this.followVideo(video);
  }

  get last() { return this.times.length - 1; }
  get isPlaying() { return this.video ? !this.video.paused : this.ownClock !== null; }

  onChange(listener) { this.listeners.push(listener); }

  show(row) {
    this.row = Math.min(Math.max(Math.round(row), 0), Math.max(this.last, 0));
    for (const listener of this.listeners) listener(this.row);
  }

  followVideo(video) {
    // A frame is shown until the next one's time, so rounding may not pick the one before.
    const arrived = seconds => { if (!video.paused) this.show(lastNotAfter(this.times, seconds + 0.002)); };
    if (video.requestVideoFrameCallback) {
      const each = (_, frame) => { arrived(frame.mediaTime); video.requestVideoFrameCallback(each); };
      video.requestVideoFrameCallback(each);
    } else {
      const each = () => { arrived(video.currentTime); requestAnimationFrame(each); };
      requestAnimationFrame(each);
    }
    video.addEventListener("play", () => this.show(this.row));
    // The picture may have run a frame ahead of the last call: stop both on the same row.
    video.addEventListener("pause", () => {
      if (video.ended || video.seeking) this.show(this.row);
      else this.seek(lastNotAfter(this.times, video.currentTime));
    });
    video.addEventListener("ended", () => this.show(this.last));
  }

  /** Go on without the video, for instance when its file is gone. */
  dropVideo() {
    this.video = null;
    this.show(this.row);
  }

  seek(row) {
    this.show(row);
    this.clockStart = null;
    if (!this.video) return;
    const start = this.times[this.row];
    const end = this.row < this.last ? this.times[this.row + 1] : start + 0.004;
    this.video.currentTime = (start + end) / 2;
  }

  step(rows) {
    this.pause();
    this.seek(this.row + rows);
  }

  setRate(rate) {
    this.rate = rate;
    this.clockStart = null;
    if (this.video) this.video.playbackRate = rate;
  }

  toggle() { if (this.isPlaying) this.pause(); else this.play(); }

  play() {
    if (this.row >= this.last) this.seek(0);
    if (this.video) {
      this.video.playbackRate = this.rate;
      this.video.play().catch(() => this.show(this.row));
      return;
    }
    this.clockStart = null;
    this.ownClock = requestAnimationFrame(now => this.tick(now));
    this.show(this.row);
  }

  tick(now) {
    if (this.clockStart === null) {
      this.clockStart = now;
      this.clockFrom = this.times[this.row];
    }
    const seconds = this.clockFrom + (now - this.clockStart) / 1000 * this.rate;
    const row = lastNotAfter(this.times, seconds);
    if (row >= this.last) { this.ownClock = null; this.show(this.last); return; }
    this.ownClock = requestAnimationFrame(later => this.tick(later));
    if (row !== this.row) this.show(row);
  }

  pause() {
    if (this.video) { this.video.pause(); return; }
    if (this.ownClock !== null) cancelAnimationFrame(this.ownClock);
    this.ownClock = null;
    this.show(this.row);
  }
}
