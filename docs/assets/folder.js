// Browsers keep the search from its index where pages are opened from a folder; it is hidden there.
if (location.protocol === "file:") document.documentElement.classList.add("from-folder");
