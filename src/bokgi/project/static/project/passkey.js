// Says so on the page when the browser gives no passkey: cancelled, none there, not allowed.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.getElementById("passkey-failed").hidden = false;
});
