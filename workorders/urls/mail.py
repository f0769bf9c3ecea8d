"""Pages of mail that came in."""

from django.urls import URLPattern, path

from workorders.views import mail

urlpatterns: list[URLPattern] = [
    path("mail", mail.letters, name="mail"),
    path("mail/<int:pk>", mail.letter, name="letter"),
    path("mail/<int:pk>/add", mail.letter_file_away, name="letter_file_away"),
    path("mail/<int:pk>/discard", mail.letter_discard, name="letter_discard"),
    path("mail/<int:pk>/take-back", mail.letter_take_back, name="letter_take_back"),
    path("mail/files/<int:pk>", mail.letter_file, name="letter_file"),
]
