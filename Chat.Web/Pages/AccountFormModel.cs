namespace Chat.Web.Pages;

/// <summary>What the form shows; never a password.</summary>
public sealed record AccountFormModel(bool IsSignUp, string TokenName, string Token)
{
    public string Title => IsSignUp ? PageTexts.SignUp : PageTexts.SignIn;

    public string Action => IsSignUp ? "/sign-up" : "/sign-in";

    public string Username { get; init; } = "";

    public string? Problem { get; init; }

    /// <summary>Where to go afterwards: a path of this site.</summary>
    public string ReturnUrl { get; init; } = "/chat";
}
